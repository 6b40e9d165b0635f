"""Rankings by shared words alone: nearest documents, label centroids, label texts.

All are products of sparse matrices, taken in blocks of rows: a matrix documents x labels is never held whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags, save_npz

# Entries of a product held at a time; a block has at least one row.
_MAX_ENTRIES = 1 << 24


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """Rows scaled to norm 1; empty ones stay."""
    norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, norm, out=np.zeros_like(norm), where=norm > 0)
    return csr_matrix(diags(scale) @ matrix, dtype=np.float32)


def centroids(x: csr_matrix, y: csr_matrix) -> csr_matrix:
    """Mean rows of the documents of each label, scaled to norm 1: ``[L, V]``."""
    return unit_rows(csr_matrix(y.T @ x))


def top_k(scores: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The best ``k`` stored entries of each row, equal ones by the lower column: index and score ``[n, k]``."""
    scores.sort_indices()
    index = np.full((scores.shape[0], k), -1, dtype=np.int32)
    score = np.full((scores.shape[0], k), -np.inf, dtype=np.float32)
    for row in range(scores.shape[0]):
        entries = slice(scores.indptr[row], scores.indptr[row + 1])
        column, value = scores.indices[entries], scores.data[entries]
        if len(value) > k:
            least = np.partition(value, len(value) - k)[len(value) - k]
            kept = np.flatnonzero(value > least)
            kept = np.sort(np.concatenate([kept, np.flatnonzero(value == least)[: k - len(kept)]]))
            column, value = column[kept], value[kept]
        order = np.argsort(-value, kind="stable")
        index[row, : len(order)], score[row, : len(order)] = column[order], value[order]
    return index, score


class Ranker:
    """Ranks labels by sparse scores, a block of documents at a time.

    Args:
        width: most columns of a product.
    """

    def __init__(self, width: int) -> None:
        self.block = max(1, _MAX_ENTRIES // max(1, width))

    def scores(self, x: csr_matrix) -> csr_matrix:
        """Scores of documents ``[n, V]``: ``[n, L]``, stored where they are not 0."""
        raise NotImplementedError

    def predict(self, x: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The best ``k`` labels and their scores, ``[n, k]``."""
        starts = range(0, x.shape[0], self.block)
        parts = [top_k(self.scores(x[start : start + self.block]), k) for start in starts]
        if not parts:
            return np.empty((0, k), dtype=np.int32), np.empty((0, k), dtype=np.float32)
        return np.concatenate([index for index, _ in parts]), np.concatenate([score for _, score in parts])

    def prepare(self, row: csr_matrix) -> csr_matrix:
        """As it is."""
        return row

    def query(self, prepared: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Labels and scores ``[1, k]``."""
        return top_k(self.scores(prepared), k)


class NearestDocuments(Ranker):
    """Sums the cosines of the nearest training documents that have a label.

    Args:
        x: training documents, ``[N, V]``, rows of norm 1.
        y: their labels, ``[N, L]``.
        neighbours: documents that count.
    """

    def __init__(self, x: csr_matrix, y: csr_matrix, neighbours: int) -> None:
        super().__init__(max(y.shape))
        self.tokens = x.T.tocsr()
        self.y = y
        self.neighbours = neighbours

    def scores(self, x: csr_matrix) -> csr_matrix:
        """See :meth:`Ranker.scores`."""
        document, cosine = top_k(csr_matrix(x @ self.tokens), self.neighbours)
        real = document >= 0
        indptr = np.concatenate([[0], np.cumsum(real.sum(axis=1))])
        near = csr_matrix((cosine[real], document[real], indptr), shape=(x.shape[0], self.y.shape[0]))
        return csr_matrix(near @ self.y)

    def save(self, folder: Path) -> None:
        """Writes what prediction needs."""
        save_npz(folder / "tokens.npz", self.tokens, compressed=False)
        save_npz(folder / "labels.npz", self.y, compressed=False)


class NearestLabels(Ranker):
    """Products of documents with one row a label.

    Args:
        labels: ``[L, V]``.
    """

    def __init__(self, labels: csr_matrix) -> None:
        super().__init__(labels.shape[0])
        self.tokens = labels.T.tocsr()

    def scores(self, x: csr_matrix) -> csr_matrix:
        """See :meth:`Ranker.scores`."""
        return csr_matrix(x @ self.tokens)

    def save(self, folder: Path) -> None:
        """Writes what prediction needs."""
        save_npz(folder / "tokens.npz", self.tokens, compressed=False)


def make_ranker(method: str, settings: dict[str, Any], task: Any) -> NearestDocuments | NearestLabels:
    """``knn``, ``centroid`` or ``text``, of the matrices of a task."""
    if method == "knn":
        return NearestDocuments(task.train_x, task.train_y, settings["neighbours"])
    if method == "centroid":
        return NearestLabels(centroids(task.train_x, task.train_y))
    if method == "text":
        return NearestLabels(task.label_x)
    raise ValueError(f"expected knn, centroid or text, got {method!r}")
