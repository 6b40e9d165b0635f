"""The document side of a trained model, folded into four tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from xcgraph.models import LabelModel
from xcgraph.sparse import CSR, spmm

from .fold_block import fold_block


class DocumentEncoder:
    r"""Embeds documents as the model in evaluation mode does: :math:`\mathrm{ReLU}(\mathbf{g} \odot \mathbf{v} +
    \mathbf{W} \, \mathrm{ReLU}(\mathbf{v}) + \mathbf{b})`, :math:`\mathbf{v} = \sum_t x_t \mathbf{e}_t`.

    Spectral norms and gates are constants once training is over, and are multiplied in (``fold_block``).

    Args:
        tokens: token embeddings, shape ``[V, D]``.
        gate: :math:`\mathbf{g}`, shape ``[D]``.
        weight: :math:`\mathbf{W}`, shape ``[D, D]``.
        bias: :math:`\mathbf{b}`, shape ``[D]``.
    """

    def __init__(self, tokens: Tensor, gate: Tensor, weight: Tensor, bias: Tensor) -> None:
        self.tokens = tokens
        self.gate = gate
        self.weight = weight
        self.bias = bias

    @classmethod
    def from_model(cls, model: LabelModel) -> DocumentEncoder:
        """The document side of ``model`` as it is now; the token table is shared, not copied.

        Raises:
            ValueError: if the model has a document tower, which does not fold.
        """
        if model.document_tower is not None:
            raise ValueError("the documents of this model go through a document tower and not through its tokens")
        return cls(model.embedding.weight.detach(), *fold_block(model.document_block))

    @property
    def num_tokens(self) -> int:
        """V."""
        return self.tokens.size(0)

    @torch.no_grad()
    def __call__(self, x: CSR) -> Tensor:
        """Embeds documents ``[N, V]`` as ``[N, D]``."""
        v = spmm(x.rowptr, x.col, x.value, self.tokens)
        return (self.gate * v + torch.nn.functional.linear(v.relu(), self.weight, self.bias)).relu()

    def tensors(self) -> dict[str, Tensor]:
        """The four tensors by name."""
        return {"tokens": self.tokens, "gate": self.gate, "weight": self.weight, "bias": self.bias}
