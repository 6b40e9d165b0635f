"""All metrics of one set of predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch_geometric.metrics import LinkPredMetricCollection

from .filter_predictions import filter_matrix, filter_predictions
from .first_ranks import FIRST_RANKS, gains_of_first, most_of_first, weigh
from .propensity import inverse_propensity
from .ps_ndcg import PSNDCG
from .ps_precision import PSPrecision
from .top_k import MISSING, top_k
from .xc_ndcg import XCNDCG
from .xc_precision import XCPrecision
from .xc_recall import XCRecall

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Evaluator:
    """Evaluates anybody's predictions by the conventions of extreme classification.

    Args:
        train_y: relevance of the *full* training set, scipy sparse ``[N_train, L]``; gives label frequencies,
            hence propensities and deciles.
        propensity: parameters (A, B) of :func:`xcgraph.metrics.inverse_propensity`.

    Predictions are either ``index`` with an optional ``score``, both ``[N, k]``, or a scipy sparse matrix
    ``[N, L]`` in place of ``index``:

    * with ``score``, a row is ranked by descending score, equal scores by label id; without, ``index`` is taken
      to be ranked already;
    * index -1 or score -inf means "nothing predicted"; ``k`` may be anything, ranks beyond it count as wrong;
    * every stored entry of a sparse matrix is a prediction, explicit zeros and negative scores too.

    Only the best 100 of each document are looked at, after filtered pairs are gone.
    """

    #: Ranks looked at.
    max_k = 100

    def __init__(self, train_y: Any, propensity: tuple[float, float] = (0.55, 1.5)) -> None:
        matrix = train_y.tocsr()
        positive = matrix.indices[matrix.data > 0]
        self.num_labels = int(matrix.shape[1])
        #: Training documents a label, shape ``[L]``.
        self.frequency = np.bincount(positive, minlength=self.num_labels)
        #: Inverse propensity a label, shape ``[L]``.
        self.inverse_propensity = inverse_propensity(self.frequency, matrix.shape[0], *propensity)

    def evaluate(
        self,
        index: Any,
        score: np.ndarray | None,
        truth: Any,
        filter_pairs: np.ndarray | None = None,
    ) -> dict[str, float]:
        """P, nDCG, PSP and PSnDCG at 1, 3, 5 and recall at 5, 10, 100, each 0 to 100.

        Args:
            index: ranked labels ``[N, k]``, or a scipy sparse matrix of scores ``[N, L]``.
            score: scores ``[N, k]`` of ``index``, or ``None``.
            truth: relevance, scipy sparse ``[N, L]``; entries above 0 are relevant.
            filter_pairs: (document row, label) of shape ``[M, 2]``, taken out of predictions and truth.

        Returns:
            ``{"P@1": ..., "P@3": ..., ..., "PSnDCG@5": ..., "R@5": ..., "R@10": ..., "R@100": ...}``.

        Raises:
            ValueError: if shapes disagree, labels are out of range or repeated within a document, or scores are
                NaN.
        """
        ranked, truth = self._prepare(index, score, truth, filter_pairs)
        metrics = self._metrics()
        q = torch.from_numpy(self.inverse_propensity)
        block = 2**16  # bounds the memory of the comparison
        for start in range(0, ranked.shape[0], block):
            # Not -1: PyG would take it for the last label of the document above.
            pred = torch.from_numpy(ranked[start : start + block]).long()
            pred = pred.masked_fill(pred == MISSING, self.num_labels)
            row, label = (torch.from_numpy(t).long() for t in truth[start : start + block].nonzero())
            metrics.update(pred, torch.stack([row, label]), q[label])
        return {name: 100.0 * float(value) for name, value in metrics.compute().items()}

    def per_decile(
        self,
        index: Any,
        truth: Any,
        score: np.ndarray | None = None,
        filter_pairs: np.ndarray | None = None,
    ) -> list[dict[str, float]]:
        """How much labels of each training frequency contribute, rarest tenth of the labels first.

        Labels are sorted by training frequency, equal ones by id, and cut into ten groups of equally many
        labels (sizes differ by at most one; as many groups as labels where there are fewer than ten).

        Args:
            index: as in :meth:`evaluate`.
            truth: as in :meth:`evaluate`.
            score: as in :meth:`evaluate`.
            filter_pairs: as in :meth:`evaluate`.

        Returns:
            A dict for each group, with these keys.

            * ``decile``: 1 (rarest) to 10 (most frequent);
            * ``labels``: number of labels; ``min_frequency``, ``max_frequency``: their training documents;
            * ``positives``: relevant (document, label) pairs of the group; ``documents``: test documents that
              have at least one;
            * ``P@5``: hits of the group among the first five predictions over ``5 N``, 0 to 100; the ten add up
              to the overall P@5;
            * ``R@5``: mean over ``documents`` of hits of the group among the first five over the document's
              relevant labels in the group, 0 to 100; 0 if ``documents`` is 0.
        """
        ranked, truth = self._prepare(index, score, truth, filter_pairs)
        num_groups = min(10, self.num_labels)
        num_documents = max(ranked.shape[0], 1)
        groups = np.array_split(np.argsort(self.frequency, kind="stable"), num_groups)
        group = np.empty(self.num_labels, dtype=np.int64)
        for g, labels in enumerate(groups):
            group[labels] = g

        row, label = truth.nonzero()
        top = ranked[:, :5]
        pred_row, rank = np.nonzero(top != MISSING)
        pred_label = top[pred_row, rank]
        key = row.astype(np.int64) * self.num_labels + label
        hit = np.isin(pred_row * self.num_labels + pred_label, key)
        # One cell for each (document, group) that has positives; hits always fall into one.
        cell, relevant = np.unique(row.astype(np.int64) * num_groups + group[label], return_counts=True)
        hits = np.zeros(cell.size)
        np.add.at(hits, np.searchsorted(cell, pred_row[hit] * num_groups + group[pred_label[hit]]), 1.0)

        out: list[dict[str, float]] = []
        for g, labels in enumerate(groups):
            mine = cell % num_groups == g
            out.append(
                {
                    "decile": g + 1,
                    "labels": labels.size,
                    "min_frequency": int(self.frequency[labels].min()),
                    "max_frequency": int(self.frequency[labels].max()),
                    "positives": int(relevant[mine].sum()),
                    "documents": int(mine.sum()),
                    "P@5": 100.0 * float(hits[mine].sum()) / (5 * num_documents),
                    "R@5": 100.0 * float((hits[mine] / relevant[mine]).mean()) if mine.any() else 0.0,
                }
            )
        return out

    def contributions(
        self,
        index: Any,
        score: np.ndarray | None,
        truth: Any,
        filter_pairs: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """What each test document adds to P and PSP at 1, 3, 5, for :func:`xcgraph.metrics.paired_bootstrap`.

        The arguments are those of :meth:`evaluate`.

        Returns:
            For each metric float64 ``[2, N]``, what is gained and what could be. The metric is the ratio of the
            two sums, one rule for means (P, where each document could gain 1) and for ratios of sums (PSP).
        """
        ranked, truth = self._prepare(index, score, truth, filter_pairs)
        weighted = weigh(truth, self.inverse_propensity)
        first = ranked[:, :5]
        row = np.arange(len(first))[:, None]
        gained = np.asarray(weighted[row, np.maximum(first, 0)].todense()) if first.size else np.zeros(first.shape)
        gained = gains_of_first(np.where(first == MISSING, 0.0, gained))
        return dict(zip(FIRST_RANKS, np.stack([gained, most_of_first(weighted)]).transpose(2, 0, 1), strict=True))

    def _metrics(self) -> LinkPredMetricCollection:
        metrics: dict[str, Any] = {f"P@{k}": XCPrecision(k) for k in (1, 3, 5)}
        metrics |= {f"nDCG@{k}": XCNDCG(k) for k in (1, 3, 5)}
        metrics |= {f"PSP@{k}": PSPrecision(k, self.inverse_propensity) for k in (1, 3, 5)}
        metrics |= {f"PSnDCG@{k}": PSNDCG(k, self.inverse_propensity) for k in (1, 3, 5)}
        metrics |= {f"R@{k}": XCRecall(k) for k in (5, 10, 100)}
        return LinkPredMetricCollection(metrics)

    def _prepare(
        self, index: Any, score: np.ndarray | None, truth: Any, filter_pairs: np.ndarray | None
    ) -> tuple[np.ndarray, csr_matrix]:
        """Ranked labels ``[N, <= 100]`` and relevance, both without the filtered pairs."""
        if truth.shape[1] != self.num_labels:
            raise ValueError(f"truth: expected {self.num_labels} labels as in training, got {truth.shape[1]}")
        truth = filter_matrix(truth, filter_pairs)
        truth = truth.copy()
        truth.sum_duplicates()
        truth.data = (truth.data > 0).astype(np.float32)
        truth.eliminate_zeros()
        if hasattr(index, "tocsr"):
            if tuple(index.shape) != tuple(truth.shape):
                raise ValueError(f"predictions: expected shape {tuple(truth.shape)}, got {tuple(index.shape)}")
            if score is not None:
                raise ValueError("predictions: a sparse matrix already holds scores, 'score' must be None")
            return top_k(filter_matrix(index, filter_pairs), self.max_k)[0], truth

        index = np.asarray(index)
        self._check_index(index, truth.shape[0])
        if score is not None:
            score = np.asarray(score)
            if score.shape != index.shape:
                raise ValueError(f"predictions: expected scores of shape {index.shape}, got {score.shape}")
            if np.isnan(score).any():
                raise ValueError("predictions: scores must be numbers, got NaN")
            # Sort by label, then stably by score; missing ones go last.
            order = np.argsort(index, axis=1, kind="stable")
            index, score = np.take_along_axis(index, order, axis=1), np.take_along_axis(score, order, axis=1)
            score = np.where(index == MISSING, -np.inf, score)
            order = np.argsort(-score, axis=1, kind="stable")
            index = np.where(score == -np.inf, MISSING, index)
            index = np.take_along_axis(index, order, axis=1)
        index, _ = filter_predictions(index, None, filter_pairs)
        return index[:, : self.max_k], truth

    def _check_index(self, index: np.ndarray, num_rows: int) -> None:
        if index.ndim != 2 or index.shape[0] != num_rows:
            raise ValueError(
                f"predictions: expected shape ({num_rows}, k) as the truth has rows, got {index.shape}"
            )
        if not np.issubdtype(index.dtype, np.integer):
            raise ValueError(f"predictions: expected integer label ids, got {index.dtype}")
        if index.size == 0:
            return
        if index.min() < MISSING or index.max() >= self.num_labels:
            raise ValueError(
                f"predictions: expected label ids 0 to {self.num_labels - 1} (or -1 for none), "
                f"got {index.min()} to {index.max()}"
            )
        ordered = np.sort(index, axis=1)
        repeated = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != MISSING)
        if repeated.any():
            row, column = (int(t[0]) for t in repeated.nonzero())
            raise ValueError(
                f"predictions: expected each label once a document, got {ordered[row, column]} twice in row {row}"
            )
