from __future__ import annotations

import pytest
import torch
from torch_geometric.utils import k_hop_subgraph

from xcgraph.layers import GALE, GatedResidualBlock, ResidualBlock
from xcgraph.testing import assert_same_for_all_adjacencies, dense_adjacency, dense_gale_hops, tiny_label_graph

GRAPH = tiny_label_graph(8, 2)
DENSE = dense_adjacency(GRAPH.edge_index, GRAPH.edge_weight, 8, 8)


@pytest.mark.parametrize("num_hops", [0, 1, 3])
def test_hops_equal_powers_of_the_graph(num_hops, device):
    x = torch.randn(8, 4)
    layer = GALE(4, num_hops, residual=None).to(device)
    out = layer(x.to(device), GRAPH.edge_index.to(device), GRAPH.edge_weight.to(device))
    assert out.shape == (8, num_hops + 1, 4)
    torch.testing.assert_close(out.cpu(), dense_gale_hops(x, DENSE, num_hops), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("residual", "block"), [("eclare", ResidualBlock), ("decaf", GatedResidualBlock)])
def test_each_hop_has_a_block_of_its_own(residual, block):
    layer, x = GALE(4, 2, residual=residual).eval(), torch.randn(8, 4)
    assert [type(b) for b in layer.blocks] == [block] * 3
    with torch.no_grad():
        for b in layer.blocks:
            b.linear.linear.bias.normal_()
    out = layer(x, GRAPH.edge_index, GRAPH.edge_weight)
    hops = dense_gale_hops(x, DENSE, 2)
    for h in range(3):
        torch.testing.assert_close(out[:, h], layer.blocks[h](hops[:, h]), rtol=1e-4, atol=1e-5)
    layer.reset_parameters()
    assert not torch.allclose(layer(x, GRAPH.edge_index, GRAPH.edge_weight), out)


def test_own_block_and_bad_arguments():
    layer = GALE(4, 1, residual=lambda dim, dropout: torch.nn.Linear(dim, dim))
    assert isinstance(layer.blocks[1], torch.nn.Linear)
    with pytest.raises(ValueError, match="'residual' must be"):
        GALE(4, residual="resnet")
    with pytest.raises(ValueError, match="must not be negative"):
        GALE(4, num_hops=-1)
    with pytest.raises(ValueError, match=r"shape \[n, 2, 4\], got \[3, 3, 4\]"):
        layer.forward_hops(torch.zeros(3, 3, 4))


def test_every_adjacency_gives_the_same():
    layer, x = GALE(4, 2).eval(), torch.randn(8, 4)
    expected = layer(x, GRAPH.edge_index, GRAPH.edge_weight)
    assert_same_for_all_adjacencies(
        lambda adj, w: layer(x, adj, w), expected, GRAPH.edge_index, GRAPH.edge_weight, 8, 8
    )


def test_frozen_hops_gathered_for_a_batch_equal_the_whole():
    layer, x = GALE(4, 2).eval(), torch.randn(8, 4)
    hops = layer.propagate_hops(x, GRAPH.edge_index, GRAPH.edge_weight)
    batch = torch.tensor([5, 0, 5])
    whole = layer(x, GRAPH.edge_index, GRAPH.edge_weight)
    torch.testing.assert_close(layer.forward_hops(hops[batch]), whole[batch])


def sampled(seeds: torch.Tensor, num_hops: int):
    """The sub-graph of all neighbours, as a loader gives it: seeds first, then hop by hop, edges likewise."""
    order, nodes_per_hop, edges_per_hop, kept = seeds.tolist(), [seeds.numel()], [], []
    frontier = set(order)
    for _ in range(num_hops):
        edges = [e for e in range(GRAPH.num_edges) if int(GRAPH.edge_index[1, e]) in frontier]
        kept += edges
        new = sorted({int(GRAPH.edge_index[0, e]) for e in edges} - set(order))
        order += new
        nodes_per_hop.append(len(new))
        edges_per_hop.append(len(edges))
        frontier = set(new)
    local = torch.full((8,), -1)
    local[torch.tensor(order)] = torch.arange(len(order))
    kept = torch.tensor(kept)
    edge_index, weight = local[GRAPH.edge_index[:, kept]], GRAPH.edge_weight[kept]
    return torch.tensor(order), edge_index, weight, nodes_per_hop, edges_per_hop


@pytest.mark.parametrize("num_hops", [1, 2])
def test_sampled_batch_of_all_neighbours_equals_the_whole(num_hops):
    layer, x, seeds = GALE(4, num_hops).eval(), torch.randn(8, 4), torch.tensor([6, 1])
    whole = layer(x, GRAPH.edge_index, GRAPH.edge_weight)[seeds]
    n_id, edge_index, weight, nodes, edges = sampled(seeds, num_hops)
    out = layer(x[n_id], edge_index, weight, num_seeds=2)
    torch.testing.assert_close(out, whole)
    trimmed = layer(x[n_id], edge_index, weight, 2, nodes, edges)
    torch.testing.assert_close(trimmed, whole)
    with pytest.raises(ValueError, match="go together"):
        layer(x[n_id], edge_index, weight, 2, nodes)


def test_induced_subgraph_without_hop_counts():
    layer, x = GALE(4, 2).eval(), torch.randn(8, 4)
    subset, edge_index, mapping, mask = k_hop_subgraph(3, 2, GRAPH.edge_index, relabel_nodes=True, num_nodes=8)
    out = layer(x[subset], edge_index, GRAPH.edge_weight[mask])[mapping]
    torch.testing.assert_close(out, layer(x, GRAPH.edge_index, GRAPH.edge_weight)[3:4])


def test_bipartite_hop():
    edge_index, weight = torch.tensor([[4, 0, 2, 3], [0, 0, 1, 0]]), torch.rand(4)
    x = torch.randn(5, 4)
    layer = GALE(4, 1).eval()
    out = layer((x, x[:3]), edge_index, weight)
    square = layer(x, edge_index, weight)[:3]
    torch.testing.assert_close(out, square)
    with pytest.raises(ValueError, match="no way back"):
        GALE(4, 2)((x, x[:3]), edge_index, weight)
    with pytest.raises(ValueError, match="target labels, got None"):
        layer((x, None), edge_index, weight)


def test_gradcheck():
    layer = GALE(3, 2).double().eval()
    inputs = (
        torch.randn(8, 3, dtype=torch.float64, requires_grad=True),
        GRAPH.edge_weight.double().requires_grad_(),
    )
    assert torch.autograd.gradcheck(lambda x, w: layer(x, GRAPH.edge_index, w), inputs)


def test_no_labels():
    out = GALE(4, 2)(torch.empty(0, 4), torch.empty(2, 0, dtype=torch.long), torch.empty(0))
    assert out.shape == (0, 3, 4)


def test_compiles_with_dynamic_shapes(compiled):
    layer = GALE(4, 1, dropout=0.0).eval()
    function = compiled(layer)
    for num_labels in (6, 9):
        graph, x = tiny_label_graph(num_labels), torch.randn(num_labels, 4)
        out = function(x, graph.edge_index, graph.edge_weight)
        torch.testing.assert_close(out, layer(x, graph.edge_index, graph.edge_weight))


def test_repr():
    assert repr(GALE(4, 2)) == "GALE(4, num_hops=2, block=ResidualBlock(4, dropout=0.2))"
