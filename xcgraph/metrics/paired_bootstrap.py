"""Is a difference more than chance? Paired bootstrap over test documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RESAMPLES = 1000

Contributions = dict[str, np.ndarray]
"""What :meth:`xcgraph.metrics.Evaluator.contributions` returns: by metric, ``[2, N]``."""


def paired_bootstrap(
    ours: Sequence[Contributions], others: Sequence[Contributions], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Mean difference with its 95 % interval, over resampled test documents.

    Both sides are evaluated on the same drawn documents, so that what makes documents hard for both cancels. The
    interval says what other test documents might give, not what other training seeds might.

    Args:
        ours: one for each training seed, of the same test documents.
        others: what is subtracted, of the same seeds.
        resamples: how often as many documents are drawn, with replacement.
        seed: of the draws; the same documents are drawn for both sides and all training seeds.

    Returns:
        For each metric a dict of percentage points, with ``difference`` on the documents as they are, and ``low``
        and ``high``, the 2.5th and 97.5th percentile of the resampled differences.

    Raises:
        ValueError: if the two sides are not of equally many seeds, and of the same documents and metrics.
    """
    shapes = {(tuple(c), each.shape) for c in (*ours, *others) for each in c.values()}
    if not ours or len(ours) != len(others) or len(shapes) != 1:
        documents = ", ".join(str(shape[1]) for _, shape in sorted(shapes))
        raise ValueError(
            "expected both sides of equally many seeds, all of the same metrics and test documents, "
            f"got {len(ours)} and {len(others)} seeds of {documents or 0} documents"
        )
    ((names, (_, num_documents)),) = shapes
    rng = np.random.default_rng(seed)
    # The first row is the documents as they are; each other one says how often a document was drawn.
    rows: list[np.ndarray] = [np.ones(num_documents)]
    for _ in range(resamples):
        rows.append(np.bincount(rng.integers(num_documents, size=num_documents), minlength=num_documents))
    counts = np.stack(rows).astype(np.float64)
    found = {}
    for name in names:
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
