"""The map from scores to probabilities, learned from documents that a model was not trained on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from xcgraph.inference.calibration import LIMIT, Calibration, log_odds, log_ranks
from xcgraph.metrics import calibration_error

Fit = Callable[[float, np.ndarray, np.ndarray], Calibration | None]
"""Makes a map of a weight of ranks, log-odds with ranks in them ``[M]``, and what was relevant, bool ``[M]``."""

#: Best labels of each document whose error is measured; by the second, one kind of map is chosen.
RANKS = (1, 5, 20)
# Bounds what ranks weigh where scores say next to nothing; and where Platt's map ends: farther than log-odds and
# the first hundred ranks reach.
_STEEPEST = 40.0
_END = LIMIT + _STEEPEST * math.log(100)
# Pairs of a half, relevant ones and others, below which no map of a kind is fitted.
_PLATT_PAIRS = 20
_ISOTONIC_PAIRS = 200


def fit_calibration(
    score: np.ndarray, relevant: np.ndarray, seed: int = 0
) -> tuple[Calibration | None, dict[str, Any]]:
    """Chooses and fits a monotone map.

    Each half of the documents is mapped as the other half suggests. A kind of map (none, Platt's, isotonic) is
    preferred to one of fewer parameters if that lowers the expected calibration error by more than chance may: a
    standard error of the share of relevant labels. The chosen kind is then fitted to all.

    Args:
        score: of the best labels of each document, best first, ``[N, k]``; minus infinity for none.
        relevant: bool ``[N, k]``.
        seed: of the halves.

    Returns:
        The map, ``None`` where scores are best as they are or there is too little to tell, and json values:
        ``kind``, number of ``documents``, and ``before`` and ``after``: ``ECE@1``, ``ECE@5``, ``ECE@20`` in
        percentage points, both on documents that the map was not fitted to.
    """
    half = np.random.default_rng(seed).permutation(len(score)) % 2
    mapped = {"none": np.clip(score, 0.0, 1.0)}
    for kind, (fit, least) in _KINDS.items():
        found = [_fit(fit, least, score[half == side], relevant[half == side]) for side in (0, 1)]
        if None not in found:
            mapped[kind] = np.where(half[:, None] == 0, _apply(found[1], score), _apply(found[0], score))
    errors = {kind: _errors(values, score, relevant) for kind, values in mapped.items()}
    name, judged = f"ECE@{RANKS[1]}", relevant[:, : RANKS[1]][np.isfinite(score[:, : RANKS[1]])]
    kind = "none"
    for other in _KINDS:
        if other not in mapped:
            continue
        if errors[kind][name] - errors[other][name] > 100 * judged.std() / math.sqrt(judged.size):
            kind = other
    calibration = None if kind == "none" else _fit(*_KINDS[kind], score, relevant)
    report = {"kind": kind, "documents": len(score), "before": errors["none"], "after": errors[kind]}
    return calibration, report


def _fit(fit: Fit, least: int, score: np.ndarray, relevant: np.ndarray) -> Calibration | None:
    there = np.isfinite(score)
    hit = relevant[there]
    if min(hit.sum(), (~hit).sum()) < least:
        return None
    x = log_odds(score[there])
    rank = np.broadcast_to(log_ranks(score.shape[1]), score.shape)[there]
    slope, of_rank = _logistic(np.stack([x, rank], axis=1), hit)[0]
    if slope <= 0:  # better scores were less relevant
        return None
    weight = min(0.0, max(-_STEEPEST, float(of_rank / slope)))
    return fit(weight, x + weight * rank, hit)


def _apply(calibration: Calibration | None, score: np.ndarray) -> np.ndarray:
    assert calibration is not None
    return calibration(score)


def _errors(mapped: np.ndarray, score: np.ndarray, relevant: np.ndarray) -> dict[str, float]:
    errors = {}
    for k in RANKS:
        there = np.isfinite(score[:, :k])
        if there.any():
            errors[f"ECE@{k}"] = calibration_error(mapped[:, :k][there], relevant[:, :k][there])
    return errors


def _logistic(x: np.ndarray, hit: np.ndarray) -> tuple[np.ndarray, float]:
    """Slopes and intercept of logistic regression on ``[M, features]``."""
    from sklearn.linear_model import LogisticRegression

    # Slopes are bounded even where a threshold tells the pairs apart, and else hardly changed.
    model = LogisticRegression(C=100.0, max_iter=1000).fit(x, hit)
    return model.coef_[0], float(model.intercept_[0])


def _platt(weight: float, x: np.ndarray, hit: np.ndarray) -> Calibration | None:
    (slope,), intercept = _logistic(x[:, None], hit)
    ends = [-_END, _END]
    return Calibration(weight, ends, [float(slope) * end + intercept for end in ends]) if slope > 0 else None


def _isotonic(weight: float, x: np.ndarray, hit: np.ndarray) -> Calibration:
    """No end is certain: so many pairs tell no 0 from 1 in as many."""
    from sklearn.isotonic import IsotonicRegression

    rare = 1 / (len(x) + 2)
    model = IsotonicRegression(y_min=rare, y_max=1 - rare).fit(x, hit)
    y = model.y_thresholds_.astype(np.float64)
    return Calibration(weight, model.X_thresholds_.tolist(), np.log(y / (1 - y)).tolist())


_KINDS: dict[str, tuple[Fit, int]] = {"platt": (_platt, _PLATT_PAIRS), "isotonic": (_isotonic, _ISOTONIC_PAIRS)}
