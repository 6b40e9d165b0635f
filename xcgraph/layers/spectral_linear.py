"""A linear layer of spectral norm one."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.utils.parametrizations import spectral_norm


class SpectralLinear(torch.nn.Module):
    r"""A linear map divided by its largest singular value, as ECLARE and DECAF regularise theirs.

    .. math::
        \mathbf{y} = \frac{\mathbf{W}}{\sigma_1(\mathbf{W})} \mathbf{x} + \mathbf{b}

    :math:`\sigma_1` is followed by one power iteration a training forward; in evaluation it stays as it was.

    Args:
        in_dim: size of the input.
        out_dim: size of the output.
        bias: add :math:`\mathbf{b}`, initially zero.
        init: ``"identity"`` (square layers start as the identity) or ``"xavier"`` (uniform).

    Shapes:
        - **input:** ``(*, in_dim)``
        - **output:** ``(*, out_dim)``
    """

    def __init__(
        self, in_dim: int, out_dim: int, bias: bool = True, init: Literal["identity", "xavier"] = "identity"
    ) -> None:
        super().__init__()
        if init not in ("identity", "xavier"):
            raise ValueError(f"'init' must be 'identity' or 'xavier', got {init!r}")
        self.init = init
        self.linear: Any = spectral_norm(torch.nn.Linear(in_dim, out_dim, bias=bias))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight by ``init``, zero bias, singular vectors that fit the new weight."""
        parametrization = self.linear.parametrizations.weight
        weight, norm = parametrization.original, parametrization[0]
        with torch.no_grad():
            if self.init == "identity":
                torch.nn.init.eye_(weight)
            else:
                torch.nn.init.xavier_uniform_(weight)
            if self.linear.bias is not None:
                torch.nn.init.zeros_(self.linear.bias)
            mode = norm.training
            norm.train()
            for _ in range(15):  # as many as torch takes for a new layer
                norm(weight)
            norm.train(mode)

    def forward(self, x: Tensor) -> Tensor:
        """Applies the layer; the shapes are those of the class."""
        return self.linear(x)

    def __repr__(self) -> str:
        lin = self.linear
        return f"{type(self).__name__}({lin.in_features}, {lin.out_features}, bias={lin.bias is not None})"
