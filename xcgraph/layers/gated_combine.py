"""DECAF's label classifier from text and refinement."""

from __future__ import annotations

import torch
from torch import Tensor


class GatedCombine(torch.nn.Module):
    r"""Mixes refinement and text of a label coordinate by coordinate (DECAF, Mittal et al., WSDM 2021).

    .. math::
        \mathbf{w}_l = \sigma(\boldsymbol{\alpha}) \odot \hat{\mathbf{z}}^2_l +
        \sigma(\boldsymbol{\beta}) \odot \hat{\mathbf{z}}^1_l

    The gates are shared by all labels and start at one half.

    Args:
        dim: size of the embeddings, D.

    Shapes:
        - **input:** ``refinement`` :math:`\hat{\mathbf{z}}^2` ``(n, D)``, ``text`` :math:`\hat{\mathbf{z}}^1`
          ``(n, D)``
        - **output:** ``(n, D)``
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.alpha = torch.nn.Parameter(torch.empty(dim))
        self.beta = torch.nn.Parameter(torch.empty(dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Both gates to one half."""
        torch.nn.init.zeros_(self.alpha)
        torch.nn.init.zeros_(self.beta)

    def forward(self, refinement: Tensor, text: Tensor) -> Tensor:
        """Mixes both; the shapes are those of the class."""
        return self.alpha.sigmoid() * refinement + self.beta.sigmoid() * text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dim})"
