"""Is a difference more than chance? Paired bootstrap over test documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from xcgraph.data import LFDataset

METRICS = ("P@1", "P@5", "PSP@1", "PSP@5")
RESAMPLES = 1000

Contributions = dict[str, np.ndarray]
"""By metric, what each test document adds: ``[2, N]``, what is gained and what could be.

The metric is the ratio of the two sums: one rule for means (P@k, where each document could gain 1) and for ratios
of sums (PSP@k)."""


def contributions(predictions: Any, data: LFDataset) -> Contributions:
    """What each test document adds to the metrics.

    Args:
        predictions: scores as in ``predictions.npz``, scipy sparse ``[N, L]``.
        data: the data set, of N test documents and L labels.
    """
    from xcgraph.metrics import MISSING, Evaluator, filter_matrix, top_k

    value = Evaluator(data.train_y, data.propensity).inverse_propensity
    label, _ = top_k(filter_matrix(predictions, data.test_filter), 5)
    truth = filter_matrix(data.test_y, data.test_filter).astype(np.float64)
    truth.data = np.where(truth.data > 0, value[truth.indices], 0.0)
    row = np.arange(truth.shape[0])[:, None]
    # What is worth something is relevant: inverse propensities are never zero.
    gained = np.asarray(truth[row, np.maximum(label, 0)].todense()) if label.size else np.zeros(label.shape)
    gained = np.where(label == MISSING, 0.0, gained)
    best = np.maximum(top_k(truth, 5)[1], 0.0)
    out = {}
    for k in (1, 5):
        out[f"P@{k}"] = np.stack([(gained[:, :k] > 0).sum(axis=1) / k, np.ones(len(gained))])
        out[f"PSP@{k}"] = np.stack([gained[:, :k].sum(axis=1), best[:, :k].sum(axis=1)])
    return {name: out[name] for name in METRICS}


def paired_bootstrap(
    ours: Sequence[Contributions], others: Sequence[Contributions], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Mean difference with its 95 % interval, over resampled test documents.

    Args:
        ours: one for each training seed, of the same test documents.
        others: what is subtracted, of the same seeds.
        resamples: how often as many documents are drawn, with replacement.
        seed: of the draws; the same documents are drawn for both sides and all training seeds.

    Returns:
        By metric, in percentage points: ``difference`` on the documents as they are, and ``low`` and ``high``, the
        2.5th and 97.5th percentile of the resampled differences.

    Raises:
        ValueError: if the two sides are not of equally many seeds and documents.
    """
    shapes = {c[name].shape for side in (ours, others) for c in side for name in METRICS}
    if not ours or len(ours) != len(others) or len(shapes) != 1:
        raise ValueError(
            "expected both sides of equally many seeds, all of the same test documents, "
            f"got {len(ours)} and {len(others)} seeds of {', '.join(str(shape[1]) for shape in sorted(shapes))}"
        )
    num_documents = shapes.pop()[1]
    rng = np.random.default_rng(seed)
    # The first row is the documents as they are; each other one says how often a document was drawn.
    rows: list[np.ndarray] = [np.ones(num_documents)]
    for _ in range(resamples):
        rows.append(np.bincount(rng.integers(num_documents, size=num_documents), minlength=num_documents))
    counts = np.stack(rows).astype(np.float64)
    found = {}
    for name in METRICS:
        gaps = _value(ours, name, counts) - _value(others, name, counts)
        low, high = np.percentile(gaps[1:], [2.5, 97.5])
        found[name] = {
            key: round(float(x), 4) + 0.0 for key, x in (("difference", gaps[0]), ("low", low), ("high", high))
        }
    return found


def _value(side: Sequence[Contributions], name: str, counts: np.ndarray) -> np.ndarray:
    """The metric, the mean over training seeds, for each row of ``counts``, 0 to 100."""
    sums = [counts @ c[name].T for c in side]
    ratios = [np.divide(s[:, 0], s[:, 1], out=np.zeros(len(s)), where=s[:, 1] > 0) for s in sums]
    return 100.0 * np.mean(ratios, axis=0)
