"""ECLARE's residual text block."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .spectral_linear import SpectralLinear


class ResidualBlock(torch.nn.Module):
    r"""The residual block of ECLARE (Mittal et al., WWW 2021).

    .. math::
        R(\mathbf{v}) = \mathbf{v} + \kappa \left( \bar{\mathbf{W}} \mathbf{a} + \mathbf{b} \right), \qquad
        \mathbf{a} = \mathrm{Dropout}(\mathrm{ReLU}(\mathbf{v}))

    with :math:`\bar{\mathbf{W}}` of spectral norm one, initially the identity, and :math:`\kappa` initially
    one, so that a new block computes :math:`\mathbf{v} + \mathrm{ReLU}(\mathbf{v})`.

    Args:
        dim: size of the embeddings, D.
        dropout: probability of dropping a coordinate.
        final_activation: return :math:`\mathrm{Dropout}(\mathrm{ReLU}(R(\mathbf{v})))`, the form for documents;
            labels go without.

    Shapes:
        - **input:** ``(n, D)``
        - **output:** ``(n, D)``
    """

    def __init__(self, dim: int, dropout: float = 0.2, final_activation: bool = False) -> None:
        super().__init__()
        self.dim = dim
        self.dropout = dropout
        self.final_activation = final_activation
        self.linear = SpectralLinear(dim, dim)
        self.kappa = torch.nn.Parameter(torch.empty(1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Back to :math:`v + ReLU(v)`."""
        self.linear.reset_parameters()
        torch.nn.init.ones_(self.kappa)

    def forward(self, v: Tensor) -> Tensor:
        """Applies the block; the shapes are those of the class."""
        a = F.dropout(v.relu(), self.dropout, self.training)
        out = v + self.kappa * self.linear(a)
        return F.dropout(out.relu(), self.dropout, self.training) if self.final_activation else out

    def __repr__(self) -> str:
        final = ", final_activation=True" if self.final_activation else ""
        return f"{type(self).__name__}({self.dim}, dropout={self.dropout}{final})"
