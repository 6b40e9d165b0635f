"""The oracles against numbers worked out by hand, so that they and the layers cannot be wrong together."""

from __future__ import annotations

import math

import torch

from xcgraph.layers import SpectralLinear
from xcgraph.testing import (
    dense_adjacency,
    dense_attention,
    dense_bag,
    dense_gale_hops,
    dense_game,
    dense_gated_combine,
    dense_gated_residual,
    dense_propagation,
    dense_residual,
    dense_shortlist_scores,
    effective_weight,
)

EDGES = torch.tensor([[2, 1, 1], [0, 0, 0]])  # sources 2 and (twice) 1, target 0


def test_adjacency_and_propagation():
    weight = torch.tensor([2.0, 3.0, 4.0])
    assert dense_adjacency(EDGES, weight, 2, 3).tolist() == [[0.0, 7.0, 2.0], [0.0, 0.0, 0.0]]
    assert dense_adjacency(EDGES, None, 1, 3).tolist() == [[0.0, 2.0, 1.0]]
    x = torch.tensor([[1.0], [10.0], [100.0]])
    assert dense_propagation(x, EDGES, weight, num_dst=2).tolist() == [[270.0], [0.0]]
    assert dense_propagation(x, EDGES, None).tolist() == [[120.0], [0.0], [0.0]]
    hops = dense_gale_hops(x, torch.tensor([[0.0, 2, 0], [0, 0, 3], [0, 0, 0]]), 2)
    assert hops[:, :, 0].tolist() == [[1.0, 20.0, 600.0], [10.0, 300.0, 0.0], [100.0, 0.0, 0.0]]


def test_bag():
    out = dense_bag(torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]]), torch.tensor([[1.0], [5.0], [10.0]]))
    assert out.tolist() == [[12.0], [0.0]]


def test_blocks():
    v, weight, bias = torch.tensor([[-1.0, 2.0]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([0.5, 0.0])
    # W relu(v) + b = (2.5, 0)
    assert dense_residual(v, weight, bias, 2.0).tolist() == [[4.0, 2.0]]
    zero = torch.zeros(2)
    assert dense_gated_residual(v, weight, bias, zero, zero).tolist() == [[0.75, 1.0]]
    one_quarter = torch.full((2,), -math.log(3.0))  # sigmoid gives 1/4
    torch.testing.assert_close(
        dense_gated_residual(v, weight, bias, one_quarter, zero), torch.tensor([[1.0, 0.5]])
    )
    out = dense_gated_combine(torch.tensor([[4.0]]), torch.tensor([[2.0]]), one_quarter[:1], zero[:1])
    torch.testing.assert_close(out, torch.tensor([[2.0]]))


def test_effective_weight():
    layer = SpectralLinear(2, 2)
    with torch.no_grad():
        layer.linear.parametrizations.weight.original.copy_(torch.tensor([[4.0, 0.0], [0.0, 2.0]]))
    torch.testing.assert_close(effective_weight(layer), torch.tensor([[1.0, 0.0], [0.0, 0.5]]))


def test_attention():
    components = torch.tensor([[[1.0], [-2.0]]])
    # h = (1, 0 + ln 3); both scores are the second entry of h times (0, 1): q = (0, ln 3).
    score = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    out, omega = dense_attention(
        components, [torch.eye(1)] * 2, [torch.zeros(1), torch.tensor([math.log(3.0)])], score
    )
    torch.testing.assert_close(omega, torch.tensor([[0.25, 0.75]]))
    torch.testing.assert_close(out, torch.tensor([[0.25 - 1.5]]))


def test_shortlist_scores():
    out = dense_shortlist_scores(
        torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), torch.tensor([0.5]), torch.tensor([[-1, 0]])
    )
    assert out.tolist() == [[float("-inf"), 11.5]]


def test_game():
    graph = torch.tensor([[0.5, 0.0, 0.4], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    index, score = dense_game(torch.tensor([[0, -1]]), torch.tensor([[0.8, 9.0]]), graph)
    assert index.tolist() == [[0, 2, -1, -1]]
    torch.testing.assert_close(score, torch.tensor([[0.6, 0.16, 0.0, 0.0]]))
    index, score = dense_game(torch.tensor([[0]]), torch.tensor([[0.8]]), graph)  # top 1 of what moved: label 0
    assert index.tolist() == [[0, -1]]
