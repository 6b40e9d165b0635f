from __future__ import annotations

import numba
import numpy as np
import pytest

from xcgraph.inference.kernel_numbers import add_product, as_float, factors_for, nothing, power_of_two


@numba.njit
def product(matrix, x):
    factors, step = factors_for(matrix, x)
    total = nothing(factors)
    for j in range(factors.size):
        total = add_product(total, matrix[0, j], factors[j])
    return factors, step, total


def test_floats_are_multiplied_as_they_are():
    matrix, x = np.array([[1.5, -2.0]], dtype=np.float32), np.array([2, 0.25], dtype=np.float32)
    factors, step, total = product(matrix, x)
    assert factors.tolist() == [2, 0.25] and step == 1 and total == 2.5
    assert product(matrix.astype(np.float16).view(np.int16), x)[2] == 2.5


@pytest.mark.parametrize("dim", [1, 300, 1024, 5000, 100_000])
def test_the_largest_products_fit(dim):
    """All numbers as large as they can be: the sum must not go around."""
    matrix, x = np.full((1, dim), -127, dtype=np.int8), np.full(dim, 3.0, dtype=np.float32)
    factors, step, total = product(matrix, x)
    assert factors.dtype == np.int16 and isinstance(total, int)
    assert total * step == pytest.approx(-127 * 3 * dim, rel=1e-5)


def test_rounding():
    x = np.random.default_rng(0).standard_normal(1024).astype(np.float32)
    factors, step, _ = product(np.zeros((1, 1024), dtype=np.int8), x)
    np.testing.assert_allclose(factors * step, x, atol=0.51 * step)
    assert step < np.abs(x).max() / 16_000


@pytest.mark.parametrize("size", [0, 3])
def test_zeros(size):
    _, step, total = product(np.ones((1, size), dtype=np.int8), np.zeros(size, dtype=np.float32))
    assert step == 0 and total == 0


@numba.njit
def int16_product(total, number, factor):
    return add_product(total, number, factor)


def test_int16_stays_int16():
    """It goes around, as what is added must fit: numba's own arithmetic would widen it."""
    assert int16_product(np.int16(32767), np.int8(1), np.int16(1)) == -32768
    assert int16_product(np.int16(-5), np.int8(-3), np.int16(7)) == -26


@numba.njit
def floats(numbers):
    return [as_float(number) for number in numbers]


def test_as_float():
    assert floats(np.array([-128, 127], dtype=np.int8)) == [-128, 127]
    assert floats(np.array([1.5, -65504, 2**-24], dtype=np.float16).view(np.int16)) == [1.5, -65504, 2**-24]


@numba.njit
def power(exponent):
    return power_of_two(exponent)


def test_power_of_two():
    assert [power(np.float32(n)) for n in (-126, -1, 0, 127)] == [2.0**-126, 0.5, 1, 2.0**127]
