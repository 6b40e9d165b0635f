"""Expected visit counts of the restart walk, without sampling."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .bipartite_walk import check_walk
from .blocks import Edges, csr_edges, row_blocks

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_BLOCK_ENTRIES = 1 << 22
_NEGLIGIBLE = 1e-12
# Nanoseconds on one CPU thread: a multiply-add of a sparse product, and a step of a walk with its share of the
# counting.
_PRODUCT_COST, _STEP_COST = 15.0, 250.0


class ExpectedWalk:
    """The expectation of what :class:`BipartiteWalk` counts, by sparse products.

    With P = D_Y^-1 Y^T D_X^-1 Y the step label -> document -> label and ``p`` the restart probability, a step
    lies ``h`` steps after its restart with probability w_h = p (1-p)^h, up to the walk's beginning and end, which
    are exact here; the expected counts are ``length`` times the sum of w_h P^(h+1).

    Args:
        y: pattern of the relevance, scipy CSR of shape ``[N, L]`` and ones.
        restart: restart probability ``p``.
        length: steps of a walk.
        tolerance: after each hop, labels that less than this share of a walk's steps would still go on from are
            dropped, which bounds the cost of a row. 0 drops none.
    """

    def __init__(self, y: csr_matrix, restart: float = 0.8, length: int = 400, tolerance: float = 1e-4) -> None:
        check_walk(restart, length)
        self.y = y
        self.restart = restart
        self.length = length
        self.tolerance = tolerance

    def hop_weight(self, hop: int) -> float:
        """Expected share of steps made ``hop`` steps after a restart; sums to 1 over ``0 <= hop < length``."""
        p, q = self.restart, 1.0 - self.restart
        # Of the steps t = 1..length: t = hop + 1 can only be that far from the start; each later one from a
        # restart.
        return q**hop * (1.0 + p * (self.length - hop - 1)) / self.length

    @cached_property
    def _cost(self) -> np.ndarray:
        """Entries that each row's products may have, up to the third hop, shape ``[L]``."""
        size = np.asarray(self.y.sum(axis=1)).ravel()
        cost = one_hop = self.y.T @ size
        for _ in range(2):
            cost = self.y.T @ (self.y @ cost)
        return one_hop + np.minimum(cost, sum(self.y.shape)) * (self.restart < 1.0)

    def is_cheaper_than_walks(self) -> bool:
        """Whether :meth:`blocks` should take less time than sampling walks of this length."""
        walked = np.count_nonzero(self.y.getnnz(axis=0))
        return bool(self._cost.sum() * _PRODUCT_COST < walked * self.length * _STEP_COST)

    def blocks(self) -> Iterator[Edges]:
        """Expected counts a block of labels at a time; labels without documents have none."""
        from scipy.sparse import diags

        y = self.y.astype(np.float64)
        to_doc = diags(1.0 / np.maximum(y.getnnz(axis=0), 1)) @ y.T.tocsr()
        to_label = diags(1.0 / np.maximum(y.getnnz(axis=1), 1)) @ y
        to_doc, to_label = to_doc.tocsr(), to_label.tocsr()
        for start, stop in row_blocks(self._cost + 1, _BLOCK_ENTRIES):
            visits = to_doc[start:stop] @ to_label
            total = visits * self.hop_weight(0)
            for hop in range(1, self.length):
                goes_on = (1.0 - self.restart) ** hop
                if goes_on < max(self.tolerance, _NEGLIGIBLE):
                    break
                visits.data[visits.data * goes_on < self.tolerance] = 0.0
                visits.eliminate_zeros()
                visits = (visits @ to_doc) @ to_label
                total = total + visits * self.hop_weight(hop)
            total.sort_indices()
            yield csr_edges(total * self.length, start)
