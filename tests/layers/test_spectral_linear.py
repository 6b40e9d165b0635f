from __future__ import annotations

import pytest
import torch

from xcgraph.layers import SpectralLinear
from xcgraph.testing import effective_weight


def test_starts_as_identity(device):
    layer, x = SpectralLinear(5, 5).to(device), torch.randn(3, 5, device=device)
    torch.testing.assert_close(layer(x), x)
    torch.testing.assert_close(layer.eval()(x), x)
    assert repr(layer) == "SpectralLinear(5, 5, bias=True)"


def test_has_spectral_norm_one():
    layer = SpectralLinear(6, 4, bias=False, init="xavier")
    for _ in range(100):  # power iterations
        layer(torch.randn(1, 6))
    layer.eval()
    matrix = layer(torch.eye(6)).t()
    torch.testing.assert_close(torch.linalg.matrix_norm(matrix, 2), torch.tensor(1.0))
    torch.testing.assert_close(matrix, effective_weight(layer))


def test_one_power_iteration_a_training_forward_and_none_in_evaluation():
    layer, x = SpectralLinear(6, 6, init="xavier"), torch.randn(2, 6)
    layer.eval()
    torch.testing.assert_close(layer(x), layer(x), rtol=0, atol=0)
    u = layer.linear.parametrizations.weight[0]._u.clone()
    layer.train()(x)
    assert not torch.equal(layer.linear.parametrizations.weight[0]._u, u)


def test_reset_is_a_fresh_start():
    layer = SpectralLinear(5, 5)
    with torch.no_grad():
        layer.linear.parametrizations.weight.original.normal_()
        layer.linear.bias.normal_()
    layer.eval().reset_parameters()
    x = torch.randn(3, 5)
    torch.testing.assert_close(layer(x), x)  # the singular vectors follow, although in evaluation mode
    assert not layer.linear.parametrizations.weight[0].training


def test_unknown_init():
    with pytest.raises(ValueError, match="'identity' or 'xavier', got 'zeros'"):
        SpectralLinear(2, 2, init="zeros")  # type: ignore[arg-type]


def test_state_dict_round_trip():
    layer, other = SpectralLinear(4, 4, init="xavier").eval(), SpectralLinear(4, 4, init="xavier").eval()
    x = torch.randn(2, 4)
    assert not torch.allclose(layer(x), other(x))
    other.load_state_dict(layer.state_dict())
    torch.testing.assert_close(layer(x), other(x), rtol=0, atol=0)
