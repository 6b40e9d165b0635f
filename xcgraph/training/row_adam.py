"""Adam with one second moment a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class RowAdam(torch.optim.Optimizer):
    r"""SparseAdam whose second moment is shared by the numbers of a row: ``L`` numbers for a table ``[L, D]``.

    For the rows that have a gradient :math:`\mathbf{g}`, at step :math:`t` (rows of other steps stay, as do their
    moments):

    .. math::
        \mathbf{m} \leftarrow \beta_1 \mathbf{m} + (1 - \beta_1) \mathbf{g}, \quad
        v \leftarrow \beta_2 v + (1 - \beta_2) \frac{1}{D} \|\mathbf{g}\|^2, \quad
        \mathbf{w} \leftarrow \mathbf{w} - \eta \, \frac{\mathbf{m} / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} +
        \epsilon}

    A row of an embedding table gets gradients of one scale, so that it needs no second moment a number; blocks of
    parameters with one second moment each are the idea of Adam-mini (Zhang et al., ICLR 2025).

    Args:
        params: tables of shape ``[L, D]`` with sparse gradients.
        lr: learning rate.
        betas: decay of the moments.
        eps: added to the denominator.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step; costs the rows that have a gradient.

        Raises:
            ValueError: if a gradient is dense.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None:
                    self._update(table, group)
        return loss

    def _update(self, table: Tensor, group: dict[str, Any]) -> None:
        assert table.grad is not None
        if not table.grad.is_sparse:
            raise ValueError("expected a sparse gradient, got a dense one: use torch.optim.Adam")
        state = self.state[table]
        if not state:
            state["step"] = 0
            state["exp_avg"] = torch.zeros_like(table)
            state["row_avg_sq"] = table.new_zeros(table.size(0))
        state["step"] += 1
        grad = table.grad.coalesce()
        rows, values = grad.indices().squeeze(0), grad.values()
        beta1, beta2 = group["betas"]
        first = state["exp_avg"].index_select(0, rows).lerp_(values, 1 - beta1)
        second = state["row_avg_sq"].index_select(0, rows).lerp_(values.square().mean(dim=1), 1 - beta2)
        state["exp_avg"].index_copy_(0, rows, first)
        state["row_avg_sq"].index_copy_(0, rows, second)
        scale = (second / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
        table.index_add_(0, rows, first / scale.unsqueeze(1), alpha=-group["lr"] / (1 - beta1 ** state["step"]))
