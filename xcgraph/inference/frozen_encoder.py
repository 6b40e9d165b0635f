"""The document side of a model for one document at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from . import kernels
from .document_encoder import DocumentEncoder
from .joined_encoder import JoinedEncoder
from .row_matrix import Dtype, RowMatrix

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class FrozenEncoder:
    """Embeds a document as :class:`DocumentEncoder` does, by one compiled loop.

    Args:
        tokens: token embeddings, ``[V, D]``.
        gate: shape ``[D]``.
        weight: shape ``[D, D]``.
        bias: shape ``[D]``.
    """

    def __init__(self, tokens: RowMatrix, gate: Tensor, weight: Tensor, bias: Tensor) -> None:
        dim = tokens.shape[1]
        if gate.shape != (dim,) or bias.shape != (dim,) or weight.shape != (dim, dim):
            raise ValueError(
                f"expected gate [{dim}], weight [{dim}, {dim}] and bias [{dim}], got {list(gate.shape)}, "
                f"{list(weight.shape)} and {list(bias.shape)}"
            )
        self.tokens = tokens
        #: ``gate``, ``weight`` and ``bias``.
        self.block = tuple(part.detach().float().contiguous() for part in (gate, weight, bias))
        self._gate, self._weight, self._bias = (part.numpy() for part in self.block)

    @classmethod
    def freeze(cls, encoder: DocumentEncoder | JoinedEncoder, dtype: Dtype) -> list[FrozenEncoder]:
        """One for each encoder that is joined."""
        joined = encoder.encoders if isinstance(encoder, JoinedEncoder) else [encoder]
        return [cls(RowMatrix.convert(part.tokens, dtype), part.gate, part.weight, part.bias) for part in joined]

    @property
    def dim(self) -> int:
        """D."""
        return self.tokens.shape[1]

    def embed(self, ids: np.ndarray, weights: np.ndarray, buffer: np.ndarray, out: np.ndarray) -> None:
        """Writes the embedding of one document.

        Args:
            ids: its tokens, integer ``[n]``.
            weights: theirs, float32 ``[n]``.
            buffer: float32 ``[D]``, overwritten.
            out: float32 ``[D]``.
        """
        tokens, scale = self.tokens.arrays()
        kernels.embed(tokens, scale, ids, weights, self._gate, self._weight, self._bias, buffer, out)

    def bag(self, x: csr_matrix) -> Tensor:
        """Bags of token embeddings of texts ``[n, V]``, without the block, float64 ``[n, D]``."""
        used, column = np.unique(x.indices, return_inverse=True)
        compact = type(x)((x.data.astype(np.float64), column, x.indptr), shape=(x.shape[0], len(used)))
        return torch.from_numpy(compact @ self.tokens.select(torch.from_numpy(used).long()).double().numpy())

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk."""
        gate, weight, bias = self.block
        return {**self.tokens.tensors("tokens"), "gate": gate, "weight": weight, "bias": bias}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> FrozenEncoder:
        """What :meth:`tensors` gave."""
        tokens = RowMatrix.from_tensors(tensors, "tokens")
        return cls(tokens, *(torch.as_tensor(tensors[name]) for name in ("gate", "weight", "bias")))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.tokens})"
