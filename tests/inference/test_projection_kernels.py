from __future__ import annotations

import numpy as np
import pytest

from xcgraph.inference.projection_kernels import dot_columns


def scores(matrix, x, width, scale=None):
    """By :func:`dot_columns`, with what is known of each column and of all."""
    columns = matrix.shape[1]
    scale = np.ones(columns, dtype=np.float32) if scale is None else scale
    base = np.arange(columns, dtype=np.float32)
    out, best = np.full(columns, np.nan, dtype=np.float32), np.full(width, np.nan, dtype=np.float32)
    dot_columns(matrix, scale, x, base, np.float32(0.5), out, best)
    return out - base - 0.5, out, best


@pytest.mark.parametrize(("columns", "width"), [(1, 1), (100, 7), (100, 100), (2500, 1024)])
@pytest.mark.parametrize("dims", [4, 48, 52, 100])
def test_whole_numbers_are_exact(columns, width, dims):
    rng = np.random.default_rng(0)
    matrix = rng.integers(-127, 128, (dims, columns), dtype=np.int8)
    scale = rng.integers(1, 4, columns).astype(np.float32)
    x = np.zeros(dims, dtype=np.float32)
    for first, size in ((0, 4), (4, 48), (52, 48)):  # groups of magnitudes that make a step 1
        size = min(size, dims - first)
        x[first : first + 3] = [100, -100, 58 - size / 2][:size]
    found, out, best = scores(matrix, x, width, scale)
    np.testing.assert_allclose(found, scale * (x @ matrix), atol=0.01)
    padded = np.append(out, np.full(-columns % width, -np.inf)).reshape(-1, width)
    assert best.tolist() == padded.max(axis=0).tolist()


@pytest.mark.parametrize("sign", [-1, 1])
def test_sums_do_not_go_around(sign):
    """Where all numbers are as large as they can be, and rounding makes each larger."""
    matrix = np.full((48, 10), 127, dtype=np.int8)
    for x in (np.ones(48), np.r_[400.0, np.full(47, 0.5)], np.full(48, 1e-30), np.full(48, 1e30)):
        found, _, _ = scores(matrix, (sign * x).astype(np.float32), 10)
        assert found == pytest.approx(sign * 127 * x.sum(), rel=0.15)


def test_rounding():
    rng = np.random.default_rng(1)
    matrix = rng.integers(-127, 128, (96, 3000), dtype=np.int8)
    for decay in (0.0, 0.5, 1.0):
        x = (rng.standard_normal(96) * np.arange(1, 97) ** -decay).astype(np.float32)
        error = scores(matrix, x, 200, np.full(3000, 0.01, dtype=np.float32))[0] - 0.01 * (x @ matrix)
        lengths = np.linalg.norm(x) * 0.01 * np.linalg.norm(matrix.astype(np.float64), axis=0)
        assert error.std() < 0.009 * lengths.mean()


def test_zeros():
    assert scores(np.ones((8, 3), dtype=np.int8), np.zeros(8, dtype=np.float32), 2)[0].tolist() == [0, 0, 0]
