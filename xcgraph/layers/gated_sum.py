"""Gates over the parts of a label classifier."""

from __future__ import annotations

import torch
from torch import Tensor


class GatedSum(torch.nn.Module):
    r"""Adds the parts of a label's classifier coordinate by coordinate, with gates that all labels share.

    .. math::
        \mathbf{w}_l = \sum_j \sigma(\boldsymbol{\gamma}_j) \odot \mathbf{a}_{l,j}

    It widens the two gates of DECAF (:class:`GatedCombine`; Mittal et al., WSDM 2021) to any number of parts, and
    can stand in for :class:`LabelAttention`: gates cannot shut one label's text off because its refinement vector
    does better on its training documents. All gates start at one half.

    Args:
        dim: size of the embeddings, D.
        num_components: m, the vectors a label.

    Shapes:
        - **input:** ``(n, m, D)``
        - **output:** ``(n, D)``
    """

    def __init__(self, dim: int, num_components: int) -> None:
        super().__init__()
        self.dim = dim
        self.num_components = num_components
        self.gate = torch.nn.Parameter(torch.empty(num_components, dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """All gates to one half."""
        torch.nn.init.zeros_(self.gate)

    def forward(self, components: Tensor) -> Tensor:
        """Adds the components of each label, shape ``[n, m, D]``."""
        if components.dim() != 3 or components.size(1) != self.num_components:
            raise ValueError(
                f"'components' must have shape [n, {self.num_components}, {self.dim}], "
                f"got {list(components.shape)}"
            )
        return (self.gate.sigmoid() * components).sum(dim=1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dim}, num_components={self.num_components})"
