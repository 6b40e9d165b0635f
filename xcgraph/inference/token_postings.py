"""What each token adds to the labels, read as an inverted index."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from xcgraph.sparse import CSR

from . import kernels
from .row_matrix import Dtype, RowMatrix

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Tokens of more labels than this say little about where to look, and take long to go through.
LONGEST = 20_000


class TokenPostings:
    """For each token the labels that it speaks for or against, ``[V, L]`` by rows.

    A few tokens that are in every other text, such as "for", speak for thousands of labels and would take most of
    the time. Where a row of all labels is no larger than such a list, there is one too, for queries of all labels.

    Args:
        rowptr: int64 ``[V + 1]``.
        col: labels, int32 ``[E]``, ascending within a row.
        value: float32 ``[E]``.
        num_labels: L.
        dtype: of those rows.
    """

    def __init__(
        self, rowptr: Tensor, col: Tensor, value: Tensor, num_labels: int, dtype: Dtype = "float32"
    ) -> None:
        check_rows(rowptr, col, value, num_labels)
        self.num_labels = num_labels
        self.dtype: Dtype = dtype
        self._tensors = (rowptr, col, value)
        self._rowptr, self._col, self._value = (part.contiguous().numpy() for part in self._tensors)

    @classmethod
    def freeze(cls, weight: CSR, min_weight: float, dtype: Dtype = "float32") -> TokenPostings:
        """Leaves out the entries of ``weight`` ``[V, L]`` whose magnitude is below ``min_weight``."""
        kept = weight.without_small(min_weight)
        return cls(kept.rowptr, kept.col.int(), kept.value.float(), kept.shape[1], dtype)

    @property
    def num_tokens(self) -> int:
        """V."""
        return self._tensors[0].numel() - 1

    def add(self, ids: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
        """Adds what the tokens of a document give to all labels, float32 ``[L]``."""
        rowptr, col, value, place, rows, scale = self.arrays()
        kernels.add_rows(rowptr, col, value, place, rows, scale, ids, weights, out)

    def add_some(self, ids: np.ndarray, weights: np.ndarray, out: np.ndarray, touched: np.ndarray) -> int:
        """Adds what the tokens of at most ``LONGEST`` labels give, to zeros.

        Args:
            ids: tokens, integer ``[n]``.
            weights: float32 ``[n]``.
            out: float32 ``[L]``, zeros.
            touched: int32 ``[L]``; takes the labels that got something.

        Returns:
            How many of ``touched`` are filled.
        """
        return int(
            kernels.add_short_rows(self._rowptr, self._col, self._value, ids, weights, LONGEST, out, touched)
        )

    def add_rest(self, ids: np.ndarray, weights: np.ndarray, labels: np.ndarray, out: np.ndarray) -> None:
        """Adds what :meth:`add_some` left out, for ``labels`` ``[S]`` alone, to ``out`` ``[S]``."""
        kernels.add_long_rows(self._rowptr, self._col, self._value, ids, weights, LONGEST, labels, out)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All that ``kernels.add_rows`` takes of it."""
        place, rows = self._frequent
        return self._rowptr, self._col, self._value, place, *rows.arrays()

    @cached_property
    def _frequent(self) -> tuple[np.ndarray, RowMatrix]:
        """Which row a token has, -1 for none, int32 ``[V]``; and the rows ``[H, L]``."""
        rowptr, col, value = self._tensors
        size = rowptr.diff()
        entry_bytes = col.element_size() + value.element_size()
        row_bytes = self.num_labels * getattr(torch, self.dtype).itemsize
        tokens = (size * entry_bytes >= max(row_bytes, 1)).nonzero().view(-1)
        place = np.full(self.num_tokens, -1, dtype=np.int32)
        place[tokens.numpy()] = np.arange(len(tokens))
        rows = [RowMatrix.convert(torch.zeros(0, self.num_labels), self.dtype)]
        for token in tokens.tolist():
            own = slice(int(rowptr[token]), int(rowptr[token + 1]))
            row = torch.zeros(1, self.num_labels).index_put_((torch.zeros(1).long(), col[own].long()), value[own])
            rows.append(RowMatrix.convert(row, self.dtype))
        return place, RowMatrix.joined(rows)

    def weights_of(self, ids: np.ndarray, label: int) -> np.ndarray:
        """What each of the tokens ``ids`` ``[n]`` gives to one label, float64 ``[n]``."""
        out = np.zeros(len(ids))
        for place, token in enumerate(ids.tolist()):
            start, stop = self._rowptr[token], self._rowptr[token + 1]
            at = start + np.searchsorted(self._col[start:stop], label)
            if at < stop and self._col[at] == label:
                out[place] = self._value[at]
        return out

    def to_scipy(self) -> csr_matrix:
        """All of it as a scipy matrix ``[V, L]``."""
        from scipy.sparse import csr_matrix

        rowptr, col, value = (part.numpy() for part in self._tensors)
        return csr_matrix((value, col, rowptr), shape=(self.num_tokens, self.num_labels))

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk."""
        return dict(zip(("rowptr", "col", "value"), self._tensors, strict=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.num_tokens} tokens, {self._tensors[1].numel()} weights)"


def check_rows(rowptr: Tensor, col: Tensor, value: Tensor, num_columns: int) -> None:
    """Whether three arrays are a sparse matrix by rows; compiled loops would read whatever lies at wrong places.

    Raises:
        ValueError: if they are not.
    """
    fits = rowptr.dim() == col.dim() == 1 and rowptr.numel() > 0 and col.shape == value.shape
    fits = fits and int(rowptr[0]) == 0 and int(rowptr[-1]) == col.numel() and bool((rowptr.diff() >= 0).all())
    if not fits or (col.numel() and (int(col.min()) < 0 or int(col.max()) >= num_columns)):
        raise ValueError(f"expected a sparse matrix of {num_columns} columns by rows, got something else")
