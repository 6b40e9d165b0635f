"""ECLARE: extreme classification with label graph correlations."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from xcgraph.layers import GatedSum, LabelAttention

from .label_model import LabelModel


class ECLARE(LabelModel):
    r"""ECLARE (Mittal et al., WWW 2021): attention over label text, label graph and refinement vectors.

    .. math::
        \mathbf{w}_l = \sum_j \omega_{l,j} \, \mathbf{a}_{l,j}, \qquad
        \mathbf{a}_{l,h} = R_h((\hat{\mathbf{G}}^h \mathbf{u})_l), \quad
        \mathbf{a}_{l,k+1} = \mathbf{r}_l

    Args:
        num_tokens: size of the vocabulary shared by documents and labels, V.
        num_labels: L.
        dim: size of the embeddings, D.
        num_hops: hops over the label graph, k.
        dropout: within residual blocks and attention.
        document_dropout: of the document embedding; as ``dropout`` if ``None``.
        refinement: whether each label has a free vector :math:`\mathbf{r}_l` (not in module I).
        bias: whether each label has a bias; the paper's classifiers have none.
        combine: how the components are mixed: ``"attention"`` as in the paper, or ``"gate"`` for
            :class:`~xcgraph.layers.GatedSum`.
        label_text: whether the label's own text (hop 0) is a component; without it, hops over the graph still
            carry the neighbours' texts. For ablations.
        **kwargs: ``sparse_tokens``, ``sparse_labels``, ``document_tower`` of :class:`LabelModel`.
    """

    def __init__(
        self,
        num_tokens: int,
        num_labels: int,
        dim: int = 300,
        num_hops: int = 1,
        dropout: float = 0.2,
        document_dropout: float | None = None,
        refinement: bool = True,
        bias: bool = True,
        combine: Literal["attention", "gate"] = "attention",
        label_text: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_tokens, num_labels, dim, num_hops, "eclare", dropout, document_dropout, refinement, bias, **kwargs
        )
        if combine not in ("attention", "gate"):
            raise ValueError(f"'combine' must be 'attention' or 'gate', got {combine!r}")
        num_components = num_hops + label_text + refinement
        if num_components == 0:
            raise ValueError("a label needs its text, a hop over the graph or a refinement vector")
        self.label_text = label_text
        self.mixer: LabelAttention | GatedSum
        if combine == "attention":
            self.mixer = LabelAttention(dim, num_components, dropout)
        else:
            self.mixer = GatedSum(dim, num_components)

    def combine(self, hops: Tensor, refinement: Tensor | None) -> Tensor:
        """Label vectors ``[n, D]`` from hops ``[n, num_hops + 1, D]`` and refinement vectors ``[n, D]``."""
        components = self.label_blocks.forward_hops(hops)
        if not self.label_text:
            components = components[:, 1:]
        if refinement is not None:
            components = torch.cat([components, refinement.unsqueeze(1)], dim=1)
        return self.mixer(components)

    @property
    def label_offsets(self) -> list[torch.nn.Parameter]:
        """Biases of the label blocks, where each adds the same to all label vectors; attention sees them."""
        return [] if isinstance(self.mixer, LabelAttention) else super().label_offsets

    def config(self) -> dict[str, Any]:
        """What ``ECLARE(**config)`` needs to make an untrained copy, as json values."""
        return {
            **super().config(),
            "num_hops": self.num_hops,
            "combine": "attention" if isinstance(self.mixer, LabelAttention) else "gate",
            "label_text": self.label_text,
        }
