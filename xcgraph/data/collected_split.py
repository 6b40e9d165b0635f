"""One side of a split that was made of named documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class CollectedSplit:
    """Everything but the texts of the documents of a split.

    Args:
        rows: position of each document among all that were collected, int64 ``[N]``, ascending.
        uids: names, N.
        y: relevance, float32 ``[N, L]``, ones.
        pairs: filter pairs (row of ``y``, label), int64 ``[M, 2]``.
    """

    rows: np.ndarray
    uids: list[str]
    y: csr_matrix
    pairs: np.ndarray
