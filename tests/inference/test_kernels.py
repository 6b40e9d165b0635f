from __future__ import annotations

import numpy as np
import pytest

from xcgraph.inference import kernels


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 6, 9])
def test_rows_by_four(rows):
    """None is left out or counted twice where they are no multiple of four."""
    matrix = np.arange(12, dtype=np.int8).reshape(4, 3)
    scale, x = np.array([1, 2, 0.5, 1], dtype=np.float32), np.array([1, -1, 0.5], dtype=np.float32)
    chosen = np.resize(np.array([3, 0, 2, 1, 2], dtype=np.int32), rows)
    out = np.full(rows, 7, dtype=np.float32)
    kernels.dot_rows(matrix, scale, chosen, x, out)
    np.testing.assert_allclose(out, 7 + (scale * (matrix @ x))[chosen], rtol=1e-4)


@pytest.mark.parametrize("size", [1, 5, 1023, 1024, 5000])
def test_sum_of_exponentials(size):
    rng = np.random.default_rng(size)
    logit = (30 * rng.standard_normal(size)).astype(np.float32)
    highest = logit.max()
    assert kernels.sum_exp(logit, highest) == pytest.approx(np.exp(np.float64(logit) - highest).sum(), rel=2e-6)
    # Of scores that were approximated, some may be above what is the highest exactly.
    assert kernels.sum_exp(logit, highest - 3) == pytest.approx(
        np.exp(np.float64(logit) - highest + 3).sum(), rel=2e-6
    )


def test_exponentials_far_away():
    logit = np.array([0, -1e30, -np.inf, -50], dtype=np.float32)
    assert kernels.sum_exp(logit, np.float32(0)) == pytest.approx(1)


@pytest.mark.parametrize(("scores", "count"), [([3.0] * 50, 4), ([1e30] + [0.0] * 49, 3), (range(50), 50)])
def test_best_ids_of_awkward_scores(scores, count):
    scores = np.array(scores, dtype=np.float32)
    out = np.empty(50, dtype=np.int32)
    found = out[: kernels.best_ids(scores, count, out)]
    assert sorted(scores[found])[-count:] == sorted(scores)[-count:] and len(set(found.tolist())) == len(found)
