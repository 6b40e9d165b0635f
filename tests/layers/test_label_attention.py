from __future__ import annotations

import math

import pytest
import torch

from xcgraph.layers import LabelAttention
from xcgraph.testing import dense_attention, effective_weight


def converged(dim: int = 4, m: int = 3) -> LabelAttention:
    layer = LabelAttention(dim, m)
    with torch.no_grad():
        for lin in layer.transforms:
            lin.linear.bias.normal_()
        for _ in range(300):  # power iterations
            layer(torch.randn(1, m, dim))
    return layer.eval()


def test_equals_oracle(device):
    layer, x = converged(), torch.randn(6, 3, 4)
    transforms = [effective_weight(lin) for lin in layer.transforms]
    biases = [lin.linear.bias.detach() for lin in layer.transforms]
    expected, weights = dense_attention(x, transforms, biases, effective_weight(layer.score))
    out, omega = layer.to(device)(x.to(device), return_attention_weights=True)
    torch.testing.assert_close(out.cpu(), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(omega.cpu(), weights, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer(x.to(device)), out)


def test_labels_do_not_interact():
    layer, x = LabelAttention(4, 2).eval(), torch.randn(10, 2, 4)
    torch.testing.assert_close(torch.cat([layer(x[:3]), layer(x[3:])]), layer(x))


def test_one_component_is_passed_on_undropped():
    layer, x = LabelAttention(4, 1, dropout=0.9).train(), torch.randn(5, 1, 4)
    torch.testing.assert_close(layer(x), x[:, 0])


def test_start():
    layer = LabelAttention(50, 3)
    assert all(not lin.linear.bias.any() for lin in layer.transforms)
    assert layer.score.linear.bias is None
    bound = math.sqrt(6 / 100)
    weight = layer.transforms[0].linear.parametrizations.weight.original
    assert weight.abs().max() <= bound and weight.abs().max() > 0.95 * bound
    before = weight.detach().clone()
    layer.reset_parameters()
    assert not torch.equal(weight, before)


def test_gradcheck():
    layer = converged().double()
    assert torch.autograd.gradcheck(layer, torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True))


def test_shapes():
    layer = LabelAttention(4, 3)
    assert layer(torch.empty(0, 3, 4)).shape == (0, 4)
    assert layer(torch.randn(1, 3, 4)).shape == (1, 4)
    with pytest.raises(ValueError, match=r"shape \[n, 3, 4\], got \[5, 2, 4\]"):
        layer(torch.randn(5, 2, 4))
    assert repr(layer) == "LabelAttention(4, num_components=3, dropout=0.2)"


def test_compiles_with_dynamic_shapes(compiled):
    layer = LabelAttention(4, 2).eval()
    function = compiled(layer)
    for n in (3, 8):
        x = torch.randn(n, 2, 4)
        torch.testing.assert_close(function(x), layer(x))
