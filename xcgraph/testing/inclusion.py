"""How often weighted sampling must draw each item, by integration."""

from __future__ import annotations

import numpy as np


def inclusion_probabilities(weight: np.ndarray, k: int) -> np.ndarray:
    """Probability that each item is among the ``k`` drawn one after the other in proportion to weight.

    Item ``i`` is drawn if fewer than ``k`` others have exponential variables of rates ``weight`` below its own:
    the probability of that, by recursion over the others, integrated over the variable of ``i``.

    Args:
        weight: positive, shape ``[d]``.
        k: number of draws without replacement, at most ``d``.

    Returns:
        float64 of shape ``[d]``, which sums to ``k``.
    """
    point, share = np.polynomial.legendre.leggauss(400)
    survival = (point + 1) / 2  # of the variable of i
    out = np.empty(len(weight))
    for i, own in enumerate(weight):
        smaller = np.zeros((k, survival.size))  # probability that exactly 0, 1, ... others are smaller
        smaller[0] = 1.0
        for j, other in enumerate(weight):
            if j != i:
                p = 1 - survival ** (other / own)
                smaller[1:] = smaller[1:] * (1 - p) + smaller[:-1] * p
                smaller[0] *= 1 - p
        out[i] = (smaller.sum(axis=0) * share).sum() / 2
    return out
