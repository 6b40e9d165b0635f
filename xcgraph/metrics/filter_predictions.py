"""Reciprocal (document, label) pairs, which count neither as predictions nor as truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .top_k import MISSING

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def filter_predictions(
    index: np.ndarray, score: np.ndarray | None, filter_pairs: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Removes filtered pairs from ranked predictions; what follows them moves up.

    Args:
        index: labels, best first, shape ``[N, k]``, -1 where nothing is predicted.
        score: their scores, shape ``[N, k]``, or ``None``.
        filter_pairs: (document row, label), shape ``[M, 2]``, any order, or ``None``.

    Returns:
        ``(index, score)`` of the same shapes; rows that lost labels end in index -1, score -inf. The arguments
        are not changed.

    Raises:
        ValueError: if ``filter_pairs`` has another shape or names a row that does not exist.
    """
    pairs = _check_pairs(filter_pairs, index.shape[0])
    if pairs.size == 0 or index.size == 0:
        return index, score
    index = index.copy()
    rows = np.unique(pairs[:, 0])
    index[rows] = np.where(_is_in(rows[:, None], index[rows], pairs), MISSING, index[rows])
    order = np.argsort(index[rows] == MISSING, axis=1, kind="stable")
    index[rows] = np.take_along_axis(index[rows], order, axis=1)
    if score is not None:
        score = score.copy()
        score[rows] = np.take_along_axis(score[rows], order, axis=1)
        score[rows] = np.where(index[rows] == MISSING, -np.inf, score[rows])
    return index, score


def filter_matrix(matrix: Any, filter_pairs: np.ndarray | None) -> csr_matrix:
    """Removes filtered pairs from a sparse matrix of shape ``[N, L]``; explicit zeros elsewhere stay."""
    from scipy.sparse import csr_matrix

    matrix = matrix.tocsr()
    pairs = _check_pairs(filter_pairs, matrix.shape[0])
    if pairs.size == 0:
        return matrix
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    kept = ~_is_in(row, matrix.indices, pairs)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=matrix.shape[0]))])
    return csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)


def _check_pairs(filter_pairs: np.ndarray | None, num_rows: int) -> np.ndarray:
    pairs = np.empty((0, 2), dtype=np.int64) if filter_pairs is None else np.asarray(filter_pairs)
    if pairs.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.issubdtype(pairs.dtype, np.integer):
        raise ValueError(f"'filter_pairs' must be integers of shape [M, 2], got {pairs.dtype} {pairs.shape}")
    if pairs.min() < 0 or pairs[:, 0].max() >= num_rows:
        raise ValueError(f"'filter_pairs' must name document rows 0 to {num_rows - 1}, got {pairs[:, 0].max()}")
    return pairs.astype(np.int64)


def _is_in(row: np.ndarray, label: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Whether (row, label) is one of the pairs; label -1 never is."""
    base = int(pairs[:, 1].max()) + 2  # one more than any label id after the shift by one below
    keys = np.unique(pairs[:, 0] * base + pairs[:, 1] + 1)
    label = np.asarray(label, dtype=np.int64)
    wanted = np.where(label < base - 1, row * base + label + 1, -1)
    found = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return keys[found] == wanted
