"""Adam for the rows of a table that have a gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args

import torch
from torch import Tensor

SecondMoment = Literal["number", "row"]


class RowAdam(torch.optim.Optimizer):
    r"""Adam that touches the rows with a gradient alone: a step costs these, not the table ``[L, D]``.

    For the rows that have a gradient :math:`\mathbf{g}`, at step :math:`t` (rows of other steps stay, as do their
    moments):

    .. math::
        \mathbf{m} \leftarrow \beta_1 \mathbf{m} + (1 - \beta_1) \mathbf{g}, \quad
        \mathbf{v} \leftarrow \beta_2 \mathbf{v} + (1 - \beta_2) \mathbf{g}^2, \quad
        \mathbf{w} \leftarrow \mathbf{w} - \eta \, \frac{\mathbf{m} / (1 - \beta_1^t)}{\sqrt{\mathbf{v} / (1 -
        \beta_2^t)} + \epsilon}

    This is what ``torch.optim.SparseAdam`` does, which reads and writes the rows more often, in twice the time.
    With ``second_moment="row"`` the numbers of a row share the second moment, :math:`v \leftarrow \beta_2 v + (1 -
    \beta_2) \frac{1}{D} \|\mathbf{g}\|^2`: ``L`` numbers in place of ``L x D``. A row of an embedding table gets
    gradients of one scale, so that it needs no second moment a number; blocks of parameters with one second moment
    each are the idea of Adam-mini (Zhang et al., ICLR 2025).

    Args:
        params: tables of shape ``[L, D]`` with sparse gradients.
        lr: learning rate.
        betas: decay of the moments.
        eps: added to the denominator.
        second_moment: one a ``"number"``, or one a ``"row"``.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        second_moment: SecondMoment = "number",
    ) -> None:
        if second_moment not in get_args(SecondMoment):
            raise ValueError(
                f"expected 'second_moment' to be one of {list(get_args(SecondMoment))}, got {second_moment!r}"
            )
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})
        self.second_moment = second_moment

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
        by_row = self.second_moment == "row"
        name = "row_avg_sq" if by_row else "exp_avg_sq"
        state = self.state[table]
        if not state:
            state["step"] = 0
            state["exp_avg"] = torch.zeros_like(table)
            state[name] = table.new_zeros(table.size(0)) if by_row else torch.zeros_like(table)
        state["step"] += 1
        grad = table.grad.coalesce()
        rows, values = grad.indices().squeeze(0), grad.values()
        beta1, beta2 = group["betas"]
        # Rows are gathered and put back: index_add_ and the like go through them one by one, several times slower.
        first = state["exp_avg"].index_select(0, rows).lerp_(values, 1 - beta1)
        second = state[name].index_select(0, rows)
        if by_row:
            second.lerp_(values.square().mean(dim=1), 1 - beta2)
        else:
            second.mul_(beta2).addcmul_(values, values, value=1 - beta2)
        state["exp_avg"].index_copy_(0, rows, first)
        state[name].index_copy_(0, rows, second)
        # Both corrections of the moments in the rate: one pass less over the rows.
        correction = math.sqrt(1 - beta2 ** state["step"])
        rate = group["lr"] * correction / (1 - beta1 ** state["step"])
        scale = second.sqrt_().add_(group["eps"] * correction)
        if by_row:
            scale = scale.unsqueeze(1)
        table.index_copy_(0, rows, table.index_select(0, rows).addcdiv_(first, scale, value=-rate))
