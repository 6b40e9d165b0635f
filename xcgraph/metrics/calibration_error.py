"""How far probabilities are from what comes true."""

from __future__ import annotations

import numpy as np


def calibration_error(probability: np.ndarray, relevant: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015), with bins of equally many pairs.

    Most labels of an answer are improbable. Bins of equal width would put nearly all pairs into one of them.

    Args:
        probability: of each (document, label) pair, shape ``[M]``.
        relevant: whether it came true, bool ``[M]``.
        bins: how many at most; equal probabilities share one.

    Returns:
        Mean distance between the mean probability of a pair's bin and the share that came true there, in
        percentage points; NaN without pairs.

    Raises:
        ValueError: if the shapes differ or there is no bin.
    """
    if probability.shape != relevant.shape or probability.ndim != 1 or bins < 1:
        raise ValueError(
            f"expected two arrays [M] and at least one bin, got {probability.shape}, {relevant.shape} and {bins}"
        )
    count = len(probability)
    if count == 0:
        return float("nan")
    starts = np.sort(probability)[count * np.arange(1, bins) // bins]
    number = np.searchsorted(starts, probability, side="right")
    gap = np.bincount(number, probability.astype(np.float64) - relevant, bins)
    return 100 * float(np.abs(gap).sum()) / count
