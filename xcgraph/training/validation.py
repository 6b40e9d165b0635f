"""Metrics on validation documents during training."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from xcgraph.data import most_pairs
from xcgraph.metrics import Evaluator
from xcgraph.sparse import CSR


class Ranker(Protocol):
    """Anything that ranks labels for documents."""

    def predict(self, doc_x: CSR, k: int) -> tuple[np.ndarray, np.ndarray]:
        """``(index, score)`` of shape ``[N, k]``, best first."""
        ...


# Ranks predicted beyond those needed, to make up for unknown labels among them.
_SPARE_RANKS = 30


class Validator:
    """Evaluates a model under training on documents that it is not trained on.

    Args:
        doc_x: validation documents, ``[N, V]``.
        truth: their relevant labels, scipy sparse ``[N, L]``.
        evaluator: made from the full training set.
        filter_pairs: (row, label), ``[M, 2]``.
        k: ranks to predict.
        known: labels that have training documents beside the validation documents, bool ``[L]``; the others leave
            predictions and truth, as labels without training documents are in no test set. ``None``: all.
    """

    def __init__(
        self,
        doc_x: CSR,
        truth: csr_matrix,
        evaluator: Evaluator,
        filter_pairs: np.ndarray,
        k: int = 20,
        known: np.ndarray | None = None,
    ) -> None:
        self.doc_x = doc_x
        self.known = None if known is None or known.all() else known
        self.truth = truth if self.known is None else _columns(truth, self.known)
        self.evaluator = evaluator
        self.filter_pairs = filter_pairs
        self.ranks = k
        # Filtered pairs are taken out of the ranking afterwards, so that many more are needed.
        self.k = k + most_pairs(filter_pairs) + (0 if self.known is None else _SPARE_RANKS)

    def __call__(self, ranker: Ranker) -> dict[str, float]:
        """Metrics of at most ``k`` ranks, 0 to 100, and ``score``, two thirds nDCG@5 and one third PSnDCG@5."""
        return self.evaluate(*ranker.predict(self.doc_x, self.k))

    def evaluate(self, index: np.ndarray, score: np.ndarray) -> dict[str, float]:
        """The same for labels ``[N, S]`` (-1 for none) and their scores, in any order."""
        if self.known is not None:
            index = np.where(self.known[index] & (index >= 0), index, -1)
            score = np.where(index < 0, -np.inf, score)
        metrics = self.evaluator.evaluate(index, score, self.truth, self.filter_pairs)
        quality = (2 * metrics["nDCG@5"] + metrics["PSnDCG@5"]) / 3
        # Recall at more ranks than are predicted would be that of fewer, under another name.
        metrics = {name: value for name, value in metrics.items() if int(name.split("@")[1]) <= self.ranks}
        return {**metrics, "score": quality}


def _columns(matrix: csr_matrix, keep: np.ndarray) -> csr_matrix:
    """The same shape, without the entries of other columns."""
    matrix = matrix.copy()
    matrix.data[~keep[matrix.indices]] = 0
    matrix.eliminate_zeros()
    return matrix
