from __future__ import annotations

import pytest
import torch

from xcgraph.layers import ResidualBlock
from xcgraph.testing import dense_residual, effective_weight


def disturbed(**kwargs) -> ResidualBlock:
    """A block away from its start, its power iteration converged."""
    block = ResidualBlock(4, **kwargs)
    with torch.no_grad():
        block.kappa.fill_(0.7)
        block.linear.linear.bias.normal_()
        block.linear.linear.parametrizations.weight.original.normal_()
        for _ in range(200):
            block(torch.randn(1, 4))
    return block.eval()


def test_start(device):
    v = torch.randn(5, 4, device=device)
    label = ResidualBlock(4).to(device).eval()
    torch.testing.assert_close(label(v), v + v.relu())
    document = ResidualBlock(4, final_activation=True).to(device).eval()
    torch.testing.assert_close(document(v), 2 * v.relu())
    assert repr(document) == "ResidualBlock(4, dropout=0.2, final_activation=True)"


@pytest.mark.parametrize("final", [False, True])
def test_equals_oracle(final):
    block, v = disturbed(final_activation=final), torch.randn(5, 4)
    linear = block.linear
    expected = dense_residual(v, effective_weight(linear), linear.linear.bias.detach(), 0.7)
    torch.testing.assert_close(block(v), expected.relu() if final else expected)


def test_dropout_in_training_only():
    block, v = ResidualBlock(64, dropout=0.5), torch.ones(100, 64)
    out = block(v)
    # a is 0 or 2, so that v + a is 1 or 3.
    assert set(out.detach().round(decimals=3).unique().tolist()) == {1.0, 3.0}
    assert abs((out == 1.0).float().mean() - 0.5) < 0.05
    torch.testing.assert_close(block.eval()(v), 2 * v)


def test_gradcheck():
    block = disturbed().double()
    assert torch.autograd.gradcheck(block, torch.randn(3, 4, dtype=torch.float64, requires_grad=True))


def test_reset():
    block, v = disturbed(), torch.randn(5, 4)
    assert not torch.allclose(block(v), v + v.relu())
    block.reset_parameters()
    torch.testing.assert_close(block(v), v + v.relu())


def test_compiles_with_dynamic_shapes(compiled):
    block = ResidualBlock(4, dropout=0.0, final_activation=True).train()
    function = compiled(block)
    for n in (3, 7):
        v = torch.randn(n, 4)
        torch.testing.assert_close(function(v), 2 * v.relu())
        function(v).sum().backward()
    assert block.kappa.grad is not None


def test_no_rows():
    assert ResidualBlock(4)(torch.empty(0, 4)).shape == (0, 4)
