from __future__ import annotations

import pytest
import torch

from xcgraph.layers import GatedResidualBlock
from xcgraph.testing import dense_gated_residual, effective_weight


def disturbed(**kwargs) -> GatedResidualBlock:
    """A block away from its start, its power iteration converged."""
    block = GatedResidualBlock(4, **kwargs)
    with torch.no_grad():
        block.alpha.normal_()
        block.beta.normal_()
        block.linear.linear.bias.normal_()
        block.linear.linear.parametrizations.weight.original.normal_()
        for _ in range(200):
            block(torch.randn(1, 4))
    return block.eval()


def test_start(device):
    v = torch.randn(5, 4, device=device)
    label = GatedResidualBlock(4).to(device).eval()
    torch.testing.assert_close(label(v), (v + v.relu()) / 2)
    document = GatedResidualBlock(4, final_activation=True).to(device).eval()
    torch.testing.assert_close(document(v), v.relu())
    assert repr(label) == "GatedResidualBlock(4, dropout=0.2)"


@pytest.mark.parametrize("final", [False, True])
def test_equals_oracle(final):
    block, v = disturbed(final_activation=final), torch.randn(5, 4)
    weight, bias = effective_weight(block.linear), block.linear.linear.bias.detach()
    expected = dense_gated_residual(v, weight, bias, block.alpha.detach(), block.beta.detach())
    torch.testing.assert_close(block(v), expected.relu() if final else expected)


def test_gradcheck():
    block = disturbed().double()
    assert torch.autograd.gradcheck(block, torch.randn(3, 4, dtype=torch.float64, requires_grad=True))


def test_reset():
    block, v = disturbed(), torch.randn(5, 4)
    assert not torch.allclose(block(v), (v + v.relu()) / 2)
    block.reset_parameters()
    torch.testing.assert_close(block(v), (v + v.relu()) / 2)


def test_compiles_with_dynamic_shapes(compiled):
    block = GatedResidualBlock(4, dropout=0.0).train()
    function = compiled(block)
    for n in (3, 7):
        v = torch.randn(n, 4)
        torch.testing.assert_close(function(v), (v + v.relu()) / 2)
