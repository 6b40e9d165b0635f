from __future__ import annotations

import pytest
import torch

from xcgraph.sparse import spmm

ROWPTR, COL = torch.tensor([0, 2, 2, 5]), torch.tensor([3, 0, 1, 1, 2])  # an empty row, a repeated entry


def dense_of(value: torch.Tensor) -> torch.Tensor:
    row = torch.tensor([0, 0, 2, 2, 2])
    return torch.zeros(3, 4, dtype=value.dtype).index_put((row, COL), value, accumulate=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_dense(dtype, device):
    value, x = torch.randn(5, dtype=dtype), torch.randn(4, 3, dtype=dtype)
    out = spmm(ROWPTR.to(device), COL.to(device), value.to(device), x.to(device))
    torch.testing.assert_close(out.cpu(), dense_of(value) @ x)
    out = spmm(ROWPTR.to(device), COL.to(device), None, x.to(device))
    torch.testing.assert_close(out.cpu(), dense_of(torch.ones(5, dtype=dtype)) @ x)


def test_gradients_reach_both_factors():
    value = torch.randn(5, dtype=torch.float64, requires_grad=True)
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v, y: spmm(ROWPTR, COL, v, y), (value, x))


def test_takes_the_dtype_of_the_dense_factor():
    out = spmm(ROWPTR, COL, torch.ones(5, dtype=torch.float64), torch.ones(4, 2, dtype=torch.bfloat16))
    assert out.dtype == torch.bfloat16 and out.tolist() == [[2, 2], [0, 0], [3, 3]]


def test_empty(device):
    empty = torch.empty(0, dtype=torch.long, device=device)
    zero = torch.zeros(1, dtype=torch.long, device=device)
    assert spmm(zero, empty, torch.empty(0, device=device), torch.randn(4, 3, device=device)).shape == (0, 3)
    out = spmm(torch.cat([zero, zero]), empty, None, torch.randn(4, 3, device=device))
    assert out.tolist() == [[0.0, 0.0, 0.0]]
