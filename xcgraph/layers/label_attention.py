"""Attention over the parts of a label classifier."""

from __future__ import annotations

from typing import Literal, overload

import torch
import torch.nn.functional as F
from torch import Tensor

from .spectral_linear import SpectralLinear


class LabelAttention(torch.nn.Module):
    r"""Mixes text, neighbourhood and refinement of each label (ECLARE, Mittal et al., WWW 2021).

    .. math::
        \mathbf{h}_{l,j} = \bar{\mathbf{T}}_j \, \mathrm{ReLU}(\mathrm{Dropout}(\mathbf{a}_{l,j})) +
        \mathbf{t}_j, \qquad \boldsymbol{\omega}_l = \mathrm{softmax} \left( \bar{\mathbf{A}} \,
        [\mathbf{h}_{l,1}, \dots, \mathbf{h}_{l,m}] \right), \qquad \mathbf{w}_l = \sum_j \omega_{l,j} \,
        \mathbf{a}_{l,j}

    Barred matrices have spectral norm one and start from Xavier's uniform distribution, biases from zero.
    Labels do not
    interact: a large set can be passed in pieces.

    Args:
        dim: size of the embeddings, D.
        num_components: m, the vectors a label.
        dropout: probability of dropping a coordinate before the attention (the mixed vectors are left whole).

    Shapes:
        - **input:** ``(n, m, D)``
        - **outputs:** ``(n, D)``, and ``(n, m)`` attention weights if wanted
    """

    def __init__(self, dim: int, num_components: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.dim = dim
        self.num_components = num_components
        self.dropout = dropout
        self.transforms = torch.nn.ModuleList(
            SpectralLinear(dim, dim, init="xavier") for _ in range(num_components)
        )
        self.score = SpectralLinear(num_components * dim, num_components, bias=False, init="xavier")

    def reset_parameters(self) -> None:
        """Draws all matrices anew."""
        for lin in (*self.transforms, self.score):
            lin.reset_parameters()  # type: ignore[operator]

    @overload
    def forward(self, components: Tensor) -> Tensor: ...

    @overload
    def forward(self, components: Tensor, return_attention_weights: Literal[False]) -> Tensor: ...

    @overload
    def forward(self, components: Tensor, return_attention_weights: Literal[True]) -> tuple[Tensor, Tensor]: ...

    def forward(
        self, components: Tensor, return_attention_weights: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Mixes the components of each label; the shapes are those of the class.

        Args:
            components: shape ``[n, m, D]``.
            return_attention_weights: also return the weights, shape ``[n, m]``, rows summing to one.
        """
        if components.dim() != 3 or components.size(1) != self.num_components:
            raise ValueError(
                f"'components' must have shape [n, {self.num_components}, {self.dim}], "
                f"got {list(components.shape)}"
            )
        a = F.dropout(components, self.dropout, self.training).relu()
        h = torch.cat([lin(a[:, j]) for j, lin in enumerate(self.transforms)], dim=1)
        omega = self.score(h).softmax(dim=1)
        out = torch.bmm(omega.unsqueeze(1), components).squeeze(1)
        return (out, omega) if return_attention_weights else out

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dim}, num_components={self.num_components}, dropout={self.dropout})"
