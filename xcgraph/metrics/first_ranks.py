"""What the first 1, 3 and 5 ranks of each document gain in P and PSP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .top_k import top_k

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_DEPTHS = (1, 3, 5)
#: Columns of :func:`gains_of_first`.
FIRST_RANKS = (*(f"P@{k}" for k in _DEPTHS), *(f"PSP@{k}" for k in _DEPTHS))


def weigh(truth: Any, inverse_propensity: np.ndarray) -> csr_matrix:
    """Relevance, scipy sparse ``[N, L]``, with what a hit is worth: float64, the label's inverse propensity."""
    weighted = truth.tocsr().astype(np.float64)
    weighted.data = (weighted.data > 0) * inverse_propensity[weighted.indices]
    return weighted


def gains_of_first(worth: np.ndarray) -> np.ndarray:
    """Columns of :data:`FIRST_RANKS`, ``[N, 6]``.

    Args:
        worth: what each rank is worth, best rank first, ``[N, >= 5]`` or fewer; zero for what is no hit.
    """
    hits = [(worth[:, :k] > 0).sum(axis=1) / k for k in _DEPTHS]
    return np.stack([*hits, *(worth[:, :k].sum(axis=1) for k in _DEPTHS)], axis=1)


def most_of_first(weighted: csr_matrix) -> np.ndarray:
    """The same of the best ranking that there could be, where P could be one for each document, ``[N, 6]``."""
    most = gains_of_first(np.maximum(top_k(weighted, max(_DEPTHS))[1], 0.0))
    most[:, : len(_DEPTHS)] = 1.0
    return most
