from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch_geometric import EdgeIndex
from torch_geometric.nn import GCNConv, SimpleConv
from torch_geometric.nn.conv.gcn_conv import gcn_norm

from xcgraph.layers import LabelPropagation
from xcgraph.testing import (
    adjacency_forms,
    assert_same_for_all_adjacencies,
    dense_adjacency,
    dense_propagation,
    tiny_label_graph,
)
from xcgraph.typing import torch_sparse_support


class Largest(TorchDispatchMode):
    """Remembers the most numbers that any tensor made within holds."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for t in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(t, torch.Tensor) and t.layout == torch.strided:
                self.numel = max(self.numel, t.numel())
        return out


def test_by_hand():
    # Label 1 hears 2 x label 0 and 3 x label 2; label 0 hears 5 x label 1; label 2 hears nobody.
    edge_index = torch.tensor([[0, 2, 1], [1, 1, 0]])
    out = LabelPropagation()(torch.tensor([[1.0], [10.0], [100.0]]), edge_index, torch.tensor([2.0, 3.0, 5.0]))
    assert out.tolist() == [[50.0], [302.0], [0.0]]
    assert LabelPropagation()(torch.ones(3, 1), edge_index).tolist() == [[1.0], [2.0], [0.0]]


def test_every_adjacency_equals_oracle(device):
    graph, layer = tiny_label_graph(7, 3).to(device), LabelPropagation()
    x = torch.randn(7, 5, device=device)
    expected = dense_propagation(x, graph.edge_index.cpu(), graph.edge_weight.cpu())
    assert_same_for_all_adjacencies(
        lambda adj, w: layer(x, adj, w), expected, graph.edge_index, graph.edge_weight, 7, 7
    )


def test_bipartite(device):
    edge_index = torch.tensor([[4, 0, 2, 3], [0, 0, 1, 0]], device=device)
    weight = torch.rand(4, device=device)
    x_src, x_dst = torch.randn(5, 2, device=device), torch.randn(3, 9, device=device)
    layer = LabelPropagation()
    expected = dense_propagation(x_src, edge_index.cpu(), weight.cpu(), num_dst=3)
    assert_same_for_all_adjacencies(
        lambda adj, w: layer((x_src, x_dst), adj, w), expected, edge_index, weight, 3, 5
    )
    torch.testing.assert_close(layer((x_src, None), edge_index, weight, size=(5, 3)), expected)
    with pytest.raises(ValueError, match="does not fit"):
        layer((x_src, x_dst), edge_index, weight, size=(5, 4))


@pytest.mark.skipif(torch_sparse_support() == "none", reason="torch-sparse is optional; `make sparse` installs it")
def test_sparse_tensor_form_is_among_those_compared():
    graph = tiny_label_graph()
    assert "sparse_tensor" in adjacency_forms(graph.edge_index, graph.edge_weight, 6, 6)


def test_equals_pyg_layers():
    graph, x = tiny_label_graph(7, 3), torch.randn(7, 5)
    out = LabelPropagation()(x, graph.edge_index, graph.edge_weight)
    torch.testing.assert_close(out, SimpleConv(aggr="sum")(x, graph.edge_index, graph.edge_weight))
    # The weights of an unmodified GCN, of which this is the propagation step.
    gcn = GCNConv(5, 5, bias=False)
    with torch.no_grad():
        gcn.lin.weight.copy_(torch.eye(5))
    edge_index, weight = gcn_norm(graph.edge_index, graph.edge_weight, 7)
    torch.testing.assert_close(
        LabelPropagation()(x, edge_index, weight), gcn(x, graph.edge_index, graph.edge_weight)
    )


@pytest.mark.parametrize("form", ["shuffled", "sorted", "edge_index_csc", "edge_index_csr"])
def test_gradients_reach_features_and_weights(form):
    graph = tiny_label_graph(5, 2)
    adjacency, weight = adjacency_forms(graph.edge_index, graph.edge_weight.double(), 5, 5)[form]
    inputs = (torch.randn(5, 2, dtype=torch.float64, requires_grad=True), weight.clone().requires_grad_())
    assert torch.autograd.gradcheck(lambda x, w: LabelPropagation()(x, adjacency, w), inputs)


@pytest.mark.parametrize("form", ["csr", "torch_csr", "torch_coo"])
def test_gradients_reach_features_through_sparse_adjacencies(form):
    graph = tiny_label_graph(5, 2)
    adjacency, _ = adjacency_forms(graph.edge_index, graph.edge_weight.double(), 5, 5)[form]
    x = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: LabelPropagation()(x, adjacency), x)


@pytest.mark.parametrize("form", ["shuffled", "sorted", "edge_index_csc", "edge_index_csr", "torch_csr"])
def test_makes_no_message_per_edge(form):
    graph = tiny_label_graph(30, 9)
    adjacency, weight = adjacency_forms(graph.edge_index, graph.edge_weight, 30, 30)[form]
    x = torch.randn(30, 16, requires_grad=True)
    if weight is not None:
        weight.requires_grad_()
    with Largest() as seen:
        LabelPropagation()(x, adjacency, weight).sum().backward()
    assert 30 * 16 <= seen.numel < 300 * 16
    with Largest() as seen:  # the measure does see messages where there are any
        SimpleConv(aggr="sum")(x, graph.edge_index, graph.edge_weight)
    assert seen.numel == 300 * 16


def test_other_aggregation_and_flow():
    graph, x = tiny_label_graph(6, 2), torch.randn(6, 3)
    edges = EdgeIndex(graph.edge_index, sparse_size=(6, 6), sort_order="col")
    dense = dense_adjacency(graph.edge_index, graph.edge_weight, 6, 6).float()
    for adjacency in (graph.edge_index, edges):
        mean = LabelPropagation(aggr="mean")(x, adjacency, graph.edge_weight)
        torch.testing.assert_close(mean, dense @ x / 3)  # three edges a label
        back = LabelPropagation(flow="target_to_source")(x, adjacency, graph.edge_weight)
        torch.testing.assert_close(back, dense.t() @ x)


def test_edge_index_of_unknown_size_twice():
    # PyG infers the size from the last edge, here one target short, and remembers it.
    edges = EdgeIndex([[0, 2, 1], [0, 0, 1]], sort_order="col")
    x = torch.randn(3, 2)
    for _ in range(2):
        torch.testing.assert_close(LabelPropagation()(x, edges)[2], torch.zeros(2))
        edges.get_csc()


def test_half_precision_and_empty():
    layer, graph = LabelPropagation(), tiny_label_graph()
    assert layer(torch.ones(6, 2).bfloat16(), graph.edge_index, graph.edge_weight).dtype == torch.bfloat16
    none = torch.empty(2, 0, dtype=torch.long)
    assert torch.equal(layer(torch.ones(3, 2), none, torch.empty(0)), torch.zeros(3, 2))
    assert layer(torch.empty(0, 2), none, torch.empty(0)).shape == (0, 2)


def test_refuses_weights_beside_a_sparse_adjacency():
    graph = tiny_label_graph()
    adjacency, _ = adjacency_forms(graph.edge_index, graph.edge_weight, 6, 6)["torch_csr"]
    with pytest.raises(ValueError, match="values of a sparse adjacency"):
        LabelPropagation()(torch.ones(6, 2), adjacency, graph.edge_weight)


def test_compiles_with_dynamic_shapes(compiled):
    layer = LabelPropagation()
    function = compiled(layer, backend="aot_eager")
    for num_labels in (6, 9):
        graph = tiny_label_graph(num_labels)
        x, weight = torch.randn(num_labels, 4, requires_grad=True), graph.edge_weight.requires_grad_()
        out = function(x, graph.edge_index, weight)
        torch.testing.assert_close(out, layer(x, graph.edge_index, weight))
        out.sum().backward()
        assert x.grad is not None and weight.grad is not None


def test_repr():
    assert repr(LabelPropagation()) == "LabelPropagation()"
