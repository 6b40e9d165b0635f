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
        tokens: token embeddings, ``[V, D]``. ``weight`` is computed with in the same dtype.
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
        self._tensors = tuple(part.detach().float().contiguous() for part in (gate, weight, bias))
        self._gate, _, self._bias = (part.numpy() for part in self._tensors)
        # In float32, it would be most of what a query reads.
        self._weight = RowMatrix.convert(weight, tokens.dtype)

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
        weight = self._weight.arrays()
        kernels.embed(tokens, scale, ids, weights, self._gate, *weight, self._bias, buffer, out)

    @property
    def block(self) -> tuple[Tensor, Tensor, Tensor]:
        """``gate``, ``weight`` and ``bias`` as they embed a document: the weight rounded as the tokens are."""
        gate, _, bias = self._tensors
        return gate, self._weight.select(torch.arange(self.dim)), bias

    def bag(self, x: csr_matrix) -> Tensor:
        """Bags of token embeddings of texts ``[n, V]``, without the block, float64 ``[n, D]``."""
        used, column = np.unique(x.indices, return_inverse=True)
        compact = type(x)((x.data.astype(np.float64), column, x.indptr), shape=(x.shape[0], len(used)))
        return torch.from_numpy(compact @ self.tokens.select(torch.from_numpy(used).long()).double().numpy())

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk."""
        gate, weight, bias = self._tensors
        return {**self.tokens.tensors("tokens"), "gate": gate, "weight": weight, "bias": bias}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> FrozenEncoder:
        """What :meth:`tensors` gave."""
        tokens = RowMatrix.from_tensors(tensors, "tokens")
        return cls(tokens, *(torch.as_tensor(tensors[name]) for name in ("gate", "weight", "bias")))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.tokens})"
