from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import RowMatrix


def numbers(rows):
    """As float32."""
    return rows.rows.float() if rows.scale is None else rows.rows.float() * rows.scale.unsqueeze(1)


@pytest.fixture
def matrix():
    g = torch.Generator().manual_seed(0)
    return torch.randn(70_000, 7, generator=g) * torch.rand(70_000, 1, generator=g)  # more than one block


# Largest error of a number: none, half of a unit in the last place, half a step of the row.
ERROR = {
    "float32": lambda m: torch.zeros_like(m),
    "float16": lambda m: m.abs() * 2**-11 + 2**-25,
    "int8": lambda m: m.abs().amax(dim=1, keepdim=True).expand_as(m) / 127 / 2 * 1.0001,
}


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("centred", [False, True])
def test_rounding(matrix, dtype, centred):
    mean = torch.full((7,), 0.5) if centred else None
    wanted = matrix - 0.5 if centred else matrix
    rows = RowMatrix.convert(matrix, dtype, mean)
    assert rows.shape == (70_000, 7) and rows.dtype == dtype
    assert bool(((numbers(rows) - wanted).abs() <= ERROR[dtype](wanted)).all())


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_products(matrix, dtype):
    rows = RowMatrix.convert(matrix[:300], dtype)
    x = np.random.default_rng(0).standard_normal(7).astype(np.float32)
    expected = numbers(rows).numpy() @ x
    # With int8, the vector is rounded to int16.
    atol = 1e-5 + (numbers(rows).abs().sum(dim=1).max().item() * np.abs(x).max() / 65534 if dtype == "int8" else 0)
    out = np.ones(300, dtype=np.float32)
    rows.add_product(x, out)
    np.testing.assert_allclose(out, expected + 1, atol=atol)
    some = np.array([7, 0, 299, 7], dtype=np.int32)
    out = np.ones(4, dtype=np.float32)
    rows.add_products_of(some, x, out)
    np.testing.assert_allclose(out, expected[some] + 1, atol=atol)
    rows.add_products_of(some[:0], x, out[:0])


def test_float32_shares_its_memory(matrix):
    assert RowMatrix.convert(matrix, "float32").rows.data_ptr() == matrix.data_ptr()


def test_special_numbers():
    matrix = torch.tensor([[0.0, 0.0], [1.0, -1.0], [65504.0, 2**-24], [3e-8, -0.0]])
    half = RowMatrix.convert(matrix, "float16")
    out = np.zeros(4, dtype=np.float32)
    half.add_product(np.array([1, 0], dtype=np.float32), out)
    assert out.tolist() == matrix[:, 0].half().tolist()  # denormal numbers too
    assert numbers(RowMatrix.convert(matrix[:2], "int8")).tolist() == matrix[:2].tolist()


def test_tensors(matrix):
    for dtype in ("float32", "float16", "int8"):
        rows = RowMatrix.convert(matrix[:5], dtype)
        again = RowMatrix.from_tensors(rows.tensors("w"), "w")
        assert torch.equal(numbers(again), numbers(rows)) and again.dtype == dtype


@pytest.mark.parametrize(
    ("rows", "scale", "message"),
    [
        (
            torch.zeros(3, 2, dtype=torch.float64),
            None,
            "expected a matrix of float32, float16, int8, got",
        ),
        (torch.zeros(3), None, "expected a matrix"),
        (torch.zeros(3, 2, dtype=torch.int8), None, "expected 3 scales"),
        (torch.zeros(3, 2, dtype=torch.int8), torch.ones(2), "expected 3 scales"),
        (torch.zeros(3, 2), torch.ones(3), "none beside others"),
    ],
)
def test_mistakes(rows, scale, message):
    with pytest.raises(ValueError, match=message):
        RowMatrix(rows, scale)


def test_unknown_dtype(matrix):
    with pytest.raises(ValueError, match=r"'dtype' must be one of .*, got 'int4'"):
        RowMatrix.convert(matrix, "int4")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_rows_chosen_and_joined(dtype):
    torch.manual_seed(0)
    matrix = RowMatrix.convert(torch.randn(5, 4), dtype)
    index = torch.tensor([3, 0, 3])
    assert torch.equal(matrix.take(index).select(torch.arange(3)), matrix.select(index))
    joined = RowMatrix.joined([matrix, matrix.take(index)])
    assert joined.shape == (8, 4) and joined.dtype == dtype
    assert torch.equal(joined.select(torch.tensor([1, 5, 6])), matrix.select(torch.tensor([1, 3, 0])))
    assert torch.equal(matrix.select(torch.arange(5)), numbers(matrix))
