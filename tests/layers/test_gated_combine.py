from __future__ import annotations

import torch

from xcgraph.layers import GatedCombine
from xcgraph.testing import dense_gated_combine


def test_start_is_the_mean(device):
    layer = GatedCombine(3).to(device)
    a, b = torch.randn(4, 3, device=device), torch.randn(4, 3, device=device)
    torch.testing.assert_close(layer(a, b), (a + b) / 2)
    assert repr(layer) == "GatedCombine(3)"


def test_alpha_gates_refinement_and_beta_text():
    layer, a, b = GatedCombine(3), torch.randn(4, 3), torch.randn(4, 3)
    with torch.no_grad():
        layer.alpha.normal_()
        layer.beta.normal_()
    expected = dense_gated_combine(a, b, layer.alpha.detach(), layer.beta.detach())
    torch.testing.assert_close(layer(a, b), expected)
    assert not torch.allclose(layer(b, a), expected)
    layer.reset_parameters()
    torch.testing.assert_close(layer(a, b), (a + b) / 2)


def test_gradcheck_and_no_rows():
    layer = GatedCombine(3).double()
    inputs = tuple(torch.randn(2, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(layer, inputs)
    assert GatedCombine(3)(torch.empty(0, 3), torch.empty(0, 3)).shape == (0, 3)


def test_compiles_with_dynamic_shapes(compiled):
    layer = GatedCombine(3)
    function = compiled(layer)
    for n in (2, 5):
        a, b = torch.randn(n, 3), torch.randn(n, 3)
        torch.testing.assert_close(function(a, b), layer(a, b))
