"""Expected visit counts of the restart walk, without sampling."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .bipartite_walk import check_walk
from .blocks import Edges, in_threads

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_BLOCK_LABELS = 8192
_NEGLIGIBLE = 1e-12
# Labels whose cost is measured before either way is taken.
_PROBED = 512
# Nanoseconds on one CPU thread: a multiply-add of the expectation, and a step of a walk with its share of the
# counting.
_PRODUCT_COST, _STEP_COST = 20.0, 25.0


class ExpectedWalk:
    """The expectation of what :class:`BipartiteWalk` counts, followed hop by hop.

    With P = D_Y^-1 Y^T D_X^-1 Y the step label -> document -> label and ``p`` the restart probability, a step
    lies ``h`` steps after its restart with probability w_h = p (1-p)^h, up to the walk's beginning and end, which
    are exact here; the expected counts are ``length`` times the sum of w_h P^(h+1).

    Args:
        y: pattern of the relevance, scipy CSR of shape ``[N, L]`` and ones.
        restart: restart probability ``p``.
        length: steps of a walk.
        tolerance: after each hop, labels that less than this share of a walk's steps would still go on from are
            left, which bounds the cost of a row. 0 leaves none. The default is less than half a step of a walk
            of 400, which no sampled walk could tell from nothing.
    """

    def __init__(self, y: csr_matrix, restart: float = 0.8, length: int = 400, tolerance: float = 1e-3) -> None:
        check_walk(restart, length)
        self.y = y
        self.restart = restart
        self.length = length
        self.tolerance = tolerance
        self._thread = threading.local()

    # Made at first use: who only builds by sampled walks has no need of them.

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        """Documents of the labels and labels of the documents, as ``expected_visits`` takes them."""
        by_label = self.y.T.tocsr()
        parts = (by_label.indptr, by_label.indices, self.y.indptr, self.y.indices)
        return tuple(np.ascontiguousarray(part, dtype=np.int64) for part in parts)

    @cached_property
    def _sources(self) -> np.ndarray:
        """Labels with documents; the others visit none."""
        return np.flatnonzero(np.diff(self._arrays[0]))

    def hop_weight(self, hop: int) -> float:
        """Expected share of steps made ``hop`` steps after a restart; sums to 1 over ``0 <= hop < length``."""
        p, q = self.restart, 1.0 - self.restart
        # Of the steps t = 1..length: t = hop + 1 can only be that far from the start; each later one from a
        # restart.
        return q**hop * (1.0 + p * (self.length - hop - 1)) / self.length

    def is_cheaper_than_walks(self) -> bool:
        """Whether :meth:`blocks` should take less time than sampling walks of this length.

        The cost of a label grows with the square of labels a document and documents a label; it is measured on
        labels spread over the set, up to what the same number of walks would cost.
        """
        if not self._sources.size:
            return True
        probed = self._sources[:: -(-self._sources.size // _PROBED)]
        budget = int(probed.size * self.length * _STEP_COST / _PRODUCT_COST)
        return int(self._visits(probed, budget)[3]) < budget

    def blocks(self) -> Iterator[Edges]:
        """Expected counts a block of labels at a time; labels without documents have none."""
        pieces = np.split(self._sources, range(_BLOCK_LABELS, self._sources.size, _BLOCK_LABELS))
        return in_threads(self._block, pieces, torch.get_num_threads())

    def _block(self, sources: np.ndarray) -> Edges:
        label, share, size, _ = self._visits(sources)
        count = torch.from_numpy((share * self.length).astype(np.float32))
        return torch.from_numpy(np.repeat(sources, size)), torch.from_numpy(label), count

    def _visits(self, sources: np.ndarray, max_products: int = 0) -> Any:
        from .expected_kernel import expected_visits, working_arrays  # compiles

        if not hasattr(self._thread, "arrays"):
            self._thread.arrays = working_arrays(self.y.shape[1], self.y.shape[0])
        go_on = 1.0 - self.restart
        hops = 1
        while hops < self.length and go_on**hops >= max(self.tolerance, _NEGLIGIBLE):
            hops += 1
        weight = np.array([self.hop_weight(hop) for hop in range(hops)])
        kernel: Any = expected_visits
        return kernel(*self._arrays, sources, weight, go_on, self.tolerance, max_products, *self._thread.arrays)
