"""DECAF: deep extreme classification with label features."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from xcgraph.layers import GatedCombine

from .label_model import LabelModel


class DECAF(LabelModel):
    r"""DECAF (Mittal et al., WSDM 2021): label text and refinement vectors, mixed by gates shared by all labels.

    .. math::
        \mathbf{w}_l = \sigma(\boldsymbol{\alpha}) \odot \mathbf{r}_l +
        \sigma(\boldsymbol{\beta}) \odot R_L(\mathbf{u}_l)

    Without refinement vectors (module I), :math:`\mathbf{w}_l = R_L(\mathbf{u}_l)`.

    Args:
        num_tokens: size of the vocabulary shared by documents and labels, V.
        num_labels: L.
        dim: size of the embeddings, D.
        dropout: within the residual blocks.
        document_dropout: of the document embedding; as ``dropout`` if ``None``.
        refinement: whether each label has a free vector :math:`\mathbf{r}_l`.
        bias: whether each label has a bias.
        **kwargs: ``sparse_tokens``, ``sparse_labels``, ``document_tower`` of :class:`LabelModel`.
    """

    def __init__(
        self,
        num_tokens: int,
        num_labels: int,
        dim: int = 300,
        dropout: float = 0.2,
        document_dropout: float | None = None,
        refinement: bool = True,
        bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_tokens, num_labels, dim, 0, "decaf", dropout, document_dropout, refinement, bias, **kwargs
        )
        self.gate = GatedCombine(dim) if refinement else None

    def combine(self, hops: Tensor, refinement: Tensor | None) -> Tensor:
        """Label vectors ``[n, D]`` from hops ``[n, 1, D]`` and refinement vectors ``[n, D]``."""
        text = self.label_blocks.forward_hops(hops).squeeze(1)
        return text if self.gate is None or refinement is None else self.gate(refinement, text)
