"""Fixtures for the tests of label graphs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from torch_geometric.data import Data


@pytest.fixture
def make_y():
    """Random relevance ``[N, L]``: skewed labels, one to five a document; the last of both have none."""

    def make(num_docs: int = 60, num_labels: int = 25, seed: int = 0) -> csr_matrix:
        rng = np.random.default_rng(seed)
        y = np.zeros((num_docs, num_labels), dtype=np.float32)
        share = 1.0 / np.arange(1, num_labels)
        for doc in range(num_docs - 1):
            y[doc, rng.choice(num_labels - 1, size=rng.integers(1, 6), p=share / share.sum())] = 1.0
        return csr_matrix(y)

    return make


@pytest.fixture
def visit_share():
    """Oracle: shares of a walk's steps at each label, ``[L, L]``, by dense matrices and the chain of one step."""

    def share(y: csr_matrix, restart: float, length: int) -> np.ndarray:
        dense = y.toarray().astype(np.float64)
        step = (dense.T / np.maximum(dense.sum(0), 1)[:, None]) @ (dense / np.maximum(dense.sum(1), 1)[:, None])
        start = np.eye(len(step))
        at, total = start, np.zeros_like(step)
        for t in range(length):
            if t > 0:
                at = restart * start + (1 - restart) * at
            at = at @ step
            total += at
        return total / length

    return share


@pytest.fixture
def rows_of():
    """Rows of a graph as ``{target: {source: weight}}``."""

    def rows(graph: Data) -> dict[int, dict[int, float]]:
        found: dict[int, dict[int, float]] = {label: {} for label in range(graph.num_nodes)}
        for source, target, weight in zip(*graph.edge_index.tolist(), graph.edge_weight.tolist(), strict=True):
            found[target][source] = weight
        return found

    return rows


@pytest.fixture
def top_rows():
    """Oracle: top k of each row of counts, lower ids first, and the diagonal; as ``{target: {source: count}}``."""

    def top(count: np.ndarray, k: int, distance: np.ndarray | None = None, max_dist: float = 1.0) -> dict:
        found = {}
        for row, values in enumerate(count.tolist()):
            entries = [(-c, m) for m, c in enumerate(values) if c > 0]
            if distance is not None:
                entries = [(c, m) for c, m in entries if m == row or distance[row, m] <= max_dist]
            found[row] = {m: -c for c, m in sorted(entries)[:k]}
            found[row].setdefault(row, values[row] if values[row] > 0 else 1.0)
        return found

    return top
