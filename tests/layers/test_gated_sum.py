from __future__ import annotations

import pytest
import torch

from xcgraph.layers import GatedCombine, GatedSum


def test_start_is_half_the_sum(device):
    layer = GatedSum(3, 4).to(device)
    parts = torch.randn(5, 4, 3, device=device)
    torch.testing.assert_close(layer(parts), parts.sum(dim=1) / 2)
    assert repr(layer) == "GatedSum(3, num_components=4)"


def test_two_parts_are_the_gates_of_decaf():
    layer, decaf = GatedSum(3, 2), GatedCombine(3)
    with torch.no_grad():
        layer.gate.normal_()
        decaf.beta.copy_(layer.gate[0])
        decaf.alpha.copy_(layer.gate[1])
    text, refinement = torch.randn(4, 3), torch.randn(4, 3)
    torch.testing.assert_close(layer(torch.stack([text, refinement], dim=1)), decaf(refinement, text))
    layer.reset_parameters()
    assert not layer.gate.any()


def test_gradcheck_and_no_rows():
    layer = GatedSum(3, 2).double()
    assert torch.autograd.gradcheck(layer, torch.randn(2, 2, 3, dtype=torch.float64, requires_grad=True))
    assert GatedSum(3, 2)(torch.empty(0, 2, 3)).shape == (0, 3)


def test_wrong_number_of_parts():
    with pytest.raises(ValueError, match=r"must have shape \[n, 2, 3\], got \[4, 3, 3\]"):
        GatedSum(3, 2)(torch.zeros(4, 3, 3))


def test_compiles_with_dynamic_shapes(compiled):
    layer = GatedSum(3, 2)
    function = compiled(layer)
    for n in (2, 5):
        parts = torch.randn(n, 2, 3)
        torch.testing.assert_close(function(parts), layer(parts))
