from __future__ import annotations

import pytest
import torch

from xcgraph.sparse import gather_dot


def naive(x: torch.Tensor, weight: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    return (x.unsqueeze(1) * weight[index]).sum(-1)


@pytest.mark.parametrize("max_elements", [1, 40, 1 << 20])
def test_equals_gathering_everything(max_elements, device):
    x, weight = torch.randn(7, 5, device=device), torch.randn(9, 5, device=device)
    index = torch.randint(9, (7, 4), device=device)
    out = gather_dot(x, weight, index, max_elements)
    torch.testing.assert_close(out, naive(x, weight, index))


def test_gradients():
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    index = torch.tensor([[0, 5, 5], [1, 0, 2], [2, 2, 2], [0, 1, 5]])  # repeats, rows 3 and 4 unused
    assert torch.autograd.gradcheck(lambda a, b: gather_dot(a, b, index, 9), (x, weight))


def test_makes_no_gathered_block_for_backward():
    # Autograd through gathering would keep [B, S, D] numbers; this keeps its three inputs.
    x, weight = torch.randn(8, 16, requires_grad=True), torch.randn(10, 16, requires_grad=True)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: (kept.append(t.numel()), t)[1], lambda t: t):
        gather_dot(x, weight, torch.randint(10, (8, 20)))
    assert kept and max(kept) < 8 * 20 * 16


def test_compiles_with_dynamic_shapes(compiled):
    function = compiled(lambda a, b, i: gather_dot(a, b, i, 50), backend="aot_eager")
    for rows, width in ((3, 4), (5, 7)):
        x, weight = torch.randn(rows, 6, requires_grad=True), torch.randn(9, 6)
        index = torch.randint(9, (rows, width))
        out = function(x, weight, index)
        torch.testing.assert_close(out, naive(x, weight, index))
        out.sum().backward()
        torch.testing.assert_close(x.grad, weight[index].sum(1))


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_empty(shape):
    x = torch.randn(shape[0], 5, requires_grad=True)
    out = gather_dot(x, torch.randn(2, 5, requires_grad=True), torch.zeros(shape, dtype=torch.long))
    assert out.shape == shape
    out.sum().backward()
    assert x.grad.shape == (shape[0], 5)
