"""Trees that order the best labels anew, learned from validation documents."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from xcgraph.inference import DecisionTrees, LabelRanker, Reranker, Reranking, describe_labels
from xcgraph.inference.reranker import DEPTH
from xcgraph.sparse import CSR

from .parts import FusionWeights, LexicalParts
from .scores import CandidateMetrics, CandidateScores
from .search import gain

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

#: Parts that validation documents are divided into: each is judged by trees that have not seen it.
FOLDS = 4
#: How much of a label's logit may be added to what trees say of it; the last stands for the logit alone.
MIXES = (0.0, 0.2, 0.5, 1.0, math.inf)
# In means, what is added to these, what the last counts as, and up to which a mean is not the last.
_ADDED, _ALONE, _MOST = 0.1, 4.0, 2.0
#: What PSP@k is worth to the trees: a relevant label counts ``1 + WORTH * (inverse propensity - 1)``.
WORTH = 0.2
#: Of each fold's trees, see scikit-learn's ``HistGradientBoostingClassifier``.
BOOSTING = {
    "max_iter": 60, "learning_rate": 0.08, "max_leaf_nodes": 12, "min_samples_leaf": 60, "l2_regularization": 5.0,
    "max_features": 0.5, "max_bins": 63,
}  # fmt: skip
# Relevant labels, and others, below which there is nothing to learn.
_LEAST = 50
# Documents on which trees are compared with the models that they are of.
_COMPARED = 30


@dataclass(frozen=True)
class CrossFit:
    """What was learned, and the same without each fold of the documents.

    Args:
        learned: to be served: the mean of those of all folds.
        of_fold: what the documents of a fold are ordered by, ``FOLDS`` of them.
        fold: of each validation document, int64 ``[N]``.
        metrics: of the documents, each ordered by what has not seen it.
    """

    learned: Reranking
    of_fold: list[Reranking]
    fold: np.ndarray
    metrics: dict[str, float]


@dataclass(frozen=True)
class BestLabels:
    """The best labels of documents by fused scores, and what trees see of them.

    Args:
        place: where each is among the candidates, best first, int64 ``[N, S]``.
        there: where there is one, bool ``[N, S]``.
        logit: fused scores, float64 ``[N, S]``; zero where there is none.
        rows: :func:`~xcgraph.inference.describe_labels` of each document's.
        sources: lexical parts that have a weight.
    """

    place: np.ndarray
    there: np.ndarray
    logit: np.ndarray
    rows: list[np.ndarray]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, scores: CandidateScores, weights: FusionWeights, parts: LexicalParts, count: Tensor) -> BestLabels:
        """Of candidates.

        Args:
            scores: theirs, by part.
            weights: of the parts.
            parts: those that they were scored by; their biases are the network's here.
            count: training documents of each label that they were learned from, ``[L]``.
        """
        fused = scores.fused(weights)
        place = np.argsort(-fused, axis=1, kind="stable")[:, :DEPTH]
        index = np.take_along_axis(scores.index, place, 1)
        there = index >= 0
        logit = np.where(there, np.take_along_axis(fused, place, 1).astype(np.float64), 0.0)
        names = tuple(name for name in scores.lexical if getattr(weights, name))
        sources = []
        for name in names:
            own = scores.lexical[name] - parts.bias_of(name).numpy()[np.maximum(scores.index, 0)]
            sources.append(getattr(weights, name) * np.take_along_axis(own, place, 1).astype(np.float64))
        stacked = np.stack([logit - sum(sources), *sources], axis=1)
        counts = count.cpu().numpy()
        rows = [
            describe_labels(logit[row][some], stacked[row][:, some], counts[index[row][some]])
            for row, some in enumerate(there)
        ]
        return cls(place, there, logit, rows, names)

    def scored(self, trees: Sequence[DecisionTrees], which: np.ndarray) -> np.ndarray:
        """What trees say of the labels, ``[N, S]``; those of document n are ``trees[which[n]]``."""
        out = np.zeros(self.logit.shape)
        for row, (some, number) in enumerate(zip(self.there, which.tolist(), strict=True)):
            out[row, some] = trees[number](self.rows[row])
        return out

    def spread(self, score: np.ndarray, width: int) -> np.ndarray:
        """Scores ``[N, S]`` at their places among ``width`` candidates; minus infinity elsewhere."""
        out = np.full((len(score), width), -np.inf)
        np.put_along_axis(out, self.place, np.where(self.there, score, -np.inf), 1)
        return out


def fit_reranking(
    candidates: CandidateMetrics, weights: FusionWeights, parts: LexicalParts, count: Tensor, seed: int = 0
) -> CrossFit | None:
    """Learns an order of the best labels, if that is better than the one by fused scores.

    The documents are divided into ``FOLDS``. For each, boosted trees learn from the others to tell a document's
    relevant labels from its other ones. What is served is the mean of all folds' trees. How much of the logit is
    added is chosen as the fusion's weights are, by the gain over the best of each metric, on resamples of the
    documents: a geometric mean, so that trees count for little where documents are too few to tell.

    Args:
        candidates: scores of the validation documents' candidates, and what they are worth.
        weights: of the lexical parts.
        parts: those that the candidates were scored by.
        count: training documents of each label that these were learned from, ``[L]``.
        seed: of folds, trees and resamples.

    Returns:
        ``None`` if no order is better than that by fused scores, or there is too little to learn from.
    """
    scores = candidates.scores
    fused = scores.fused(weights)
    best = BestLabels.of(scores, weights, parts, count)
    worth = np.take_along_axis(candidates.worth, best.place, 1)
    fold = np.random.default_rng(seed).permutation(len(fused)) % FOLDS
    models = [_fit_trees(best, worth, np.flatnonzero(fold != part), seed + part) for part in range(FOLDS)]
    if None in models:
        return None
    some = np.concatenate(best.rows[:_COMPARED])
    trees = [DecisionTrees.of_boosting([model], some) for model in models]
    said = best.scored(trees, fold)

    def gains_of(mix: float) -> np.ndarray:
        score = fused if math.isinf(mix) else best.spread(said + mix * best.logit, fused.shape[1])
        return candidates.gains(score)

    mix = _choose_mix(candidates, {mix: gains_of(mix) for mix in MIXES}, seed)
    if mix > _MOST:
        return None
    metrics = candidates.metrics(gains_of(mix))
    of_fold = [Reranking(own, mix, count, best.sources) for own in trees]
    learned = Reranking(DecisionTrees.of_boosting(models, some), mix, count, best.sources)
    return CrossFit(learned, of_fold, fold, metrics)


def _choose_mix(
    candidates: CandidateMetrics, gains: dict[float, np.ndarray], seed: int, resamples: int = 20
) -> float:
    n = candidates.num_documents
    rng = np.random.default_rng(seed)
    logs = []
    for _ in range(resamples):
        counts = np.bincount(rng.integers(n, size=n), minlength=n)
        metrics = {mix: candidates.metrics(gained, counts) for mix, gained in gains.items()}
        most = {name: max(each[name] for each in metrics.values()) for name in metrics[math.inf]}
        # Of equals the logit alone, which comes last.
        chosen = max(reversed(MIXES), key=lambda mix: gain(metrics[mix], most))
        logs.append(math.log(min(chosen, _ALONE) + _ADDED))
    return round(max(0.0, math.exp(sum(logs) / len(logs)) - _ADDED), 2)


def _fit_trees(
    best: BestLabels, worth: np.ndarray, documents: np.ndarray, seed: int
) -> HistGradientBoostingClassifier | None:
    """Tells relevant labels of documents from their others; ``None`` where there are too few."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    # Filtered pairs, and labels that no training document has, are neither.
    some = best.there & np.isfinite(worth)
    w = worth[documents][some[documents]]
    relevant = w > 0
    if min(relevant.sum(), (~relevant).sum()) < _LEAST:
        return None
    x = np.concatenate([best.rows[row][some[row][best.there[row]]] for row in documents])
    weight = np.where(relevant, 1 + WORTH * (np.maximum(w, 1.0) - 1), 1.0)
    model = HistGradientBoostingClassifier(**BOOSTING, early_stopping=False, random_state=seed)
    # Some ten thousand rows: threads would wait for one another, and sums depend on how many they are.
    with threadpool_limits(1, user_api="openmp"):
        return model.fit(x, relevant, sample_weight=weight)


class CrossFitted:
    """Ranks validation documents, each by what has not seen it.

    Args:
        ranker: without an order of the best labels.
        rerankers: one a fold.
        fold: of each document, ``[N]``.
    """

    def __init__(self, ranker: LabelRanker, rerankers: Sequence[Reranker], fold: np.ndarray) -> None:
        self.rankers = []
        for reranker in rerankers:
            self.rankers.append(copy.copy(ranker))
            self.rankers[-1].reranker = reranker
        self.fold = fold

    def predict(self, doc_x: CSR, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`~xcgraph.inference.LabelRanker.predict`; documents are those that folds are of, in order."""
        index, score = [], []
        for number, ranker in enumerate(self.rankers):
            rows = torch.from_numpy(np.flatnonzero(self.fold == number)).to(doc_x.device)
            labels, values = ranker.predict(doc_x.select_rows(rows), k)
            index.append(labels)
            score.append(values)
        back = np.argsort(np.argsort(self.fold, kind="stable"), kind="stable")
        return np.concatenate(index)[back], np.concatenate(score)[back]
