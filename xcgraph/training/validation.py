"""Metrics on validation documents during training."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_matrix

from xcgraph.data import most_pairs
from xcgraph.data.only_columns import only_columns
from xcgraph.metrics import Evaluator, filter_predictions
from xcgraph.metrics.filter_predictions import filter_matrix
from xcgraph.metrics.first_ranks import most_of_first, weigh


class Ranker(Protocol):
    """Anything that ranks labels for documents."""

    def predict(self, doc_x: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """``(index, score)`` of shape ``[N, k]``, best first."""
        ...


# Ranks predicted beyond those needed, to make up for unknown labels among them.
_SPARE_RANKS = 30


class Validator:
    """Evaluates a model under training on documents that it is not trained on.

    Args:
        doc_x: validation documents, ``[N, V]``, or whatever the rankers take.
        truth: their relevant labels, scipy sparse ``[N, L]``.
        evaluator: made from the full training set.
        filter_pairs: (row, label), ``[M, 2]``.
        k: ranks to predict.
        known: labels that have training documents beside the validation documents, bool ``[L]``; the others leave
            predictions and truth, as labels without training documents are in no test set. ``None``: all.
    """

    def __init__(
        self,
        doc_x: Any,
        truth: csr_matrix,
        evaluator: Evaluator,
        filter_pairs: np.ndarray,
        k: int = 20,
        known: np.ndarray | None = None,
    ) -> None:
        self.doc_x = doc_x
        self.known = None if known is None or known.all() else known
        self.truth = truth if self.known is None else only_columns(truth, self.known)
        self.evaluator = evaluator
        self.filter_pairs = filter_pairs
        #: Ranks that are looked at.
        self.ranks = k
        # Filtered pairs are taken out of the ranking afterwards, so that many more are needed.
        self.k = k + most_pairs(filter_pairs) + (0 if self.known is None else _SPARE_RANKS)

    def __call__(self, ranker: Ranker) -> dict[str, float]:
        """Metrics of at most ``k`` ranks, 0 to 100, and ``score``, two thirds nDCG@5 and one third PSnDCG@5."""
        return self.evaluate(*ranker.predict(self.doc_x, self.k))

    def evaluate(self, index: np.ndarray, score: np.ndarray) -> dict[str, float]:
        """The same for labels ``[N, S]`` (-1 for none) and their scores, in any order."""
        index, score = self._of_known(index, score)
        metrics = self.evaluator.evaluate(index, score, self.truth, self.filter_pairs)
        quality = (2 * metrics["nDCG@5"] + metrics["PSnDCG@5"]) / 3
        # Recall at more ranks than are predicted would be that of fewer, under another name.
        metrics = {name: value for name, value in metrics.items() if int(name.split("@")[1]) <= self.ranks}
        return {**metrics, "score": quality}

    def judge(self, ranker: Ranker) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the best ``ranks`` labels of each document and whether they are relevant, both ``[N, ranks]``.

        Best first, without filtered pairs; minus infinity and ``False`` where there are fewer.
        """
        index, score = self._of_known(*ranker.predict(self.doc_x, self.k))
        index, filtered = filter_predictions(index, score, self.filter_pairs)
        assert filtered is not None
        order = np.argsort(index < 0, axis=1, kind="stable")[:, : self.ranks]
        index, score = np.take_along_axis(index, order, 1), np.take_along_axis(filtered, order, 1)
        return np.where(index < 0, -np.inf, score), self._is_in(index, *self.truth.nonzero())

    def worth(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What labels ``[N, S]`` (-1 for none) add to PSP where they are listed, and what a document's own could.

        Returns:
            float64 ``[N, S]``: the inverse propensity of a relevant label, zero of others, minus infinity where a
            label is not to be listed. And :func:`~xcgraph.metrics.first_ranks.most_of_first`.
        """
        inverse = self.evaluator.inverse_propensity
        weighted = weigh(filter_matrix(self.truth, self.filter_pairs), inverse)
        worth = np.where(self._is_in(index, *weighted.nonzero()), inverse[np.maximum(index, 0)], 0.0)
        known = index >= 0 if self.known is None else (index >= 0) & self.known[np.maximum(index, 0)]
        worth[~known | self._is_in(index, *self.filter_pairs.T)] = -np.inf
        return worth, most_of_first(weighted)

    def _is_in(self, index: np.ndarray, row: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Which of labels ``[N, S]`` are among pairs of a document and a label."""
        width = np.int64(self.truth.shape[1])
        return np.isin(np.arange(len(index))[:, None] * width + index, row * width + label) & (index >= 0)

    def _of_known(self, index: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.known is None:
            return index, score
        index = np.where(self.known[index] & (index >= 0), index, -1)
        return index, np.where(index < 0, -np.inf, score)
