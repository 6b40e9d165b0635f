from __future__ import annotations

import pytest
import torch

from xcgraph.layers import LabelPropagation
from xcgraph.testing import adjacency_forms, assert_same_for_all_adjacencies, tiny_label_graph
from xcgraph.typing import torch_sparse_support


def test_forms_mean_the_same_matrix():
    graph = tiny_label_graph(5)
    forms = adjacency_forms(graph.edge_index, graph.edge_weight, 5, 5)
    assert ("sparse_tensor" in forms) == (torch_sparse_support() != "none")
    dense = forms["torch_csr"][0].to_dense()
    assert torch.equal(forms["torch_coo"][0].to_dense(), dense)
    assert torch.equal(forms["csr"][0].to_torch().to_dense(), dense)
    for name in ("shuffled", "sorted", "edge_index_csc", "edge_index_csr", "edge_index_unsorted"):
        edges, weight = forms[name]
        (source, target) = edges.as_tensor() if hasattr(edges, "as_tensor") else edges
        assert torch.equal(dense[target, source], weight), name
    assert not torch.equal(forms["shuffled"][0], forms["sorted"][0])


def test_assertion_names_the_form_that_differs():
    graph, x = tiny_label_graph(5), torch.randn(5, 2)
    layer = LabelPropagation()
    expected = layer(x, graph.edge_index, graph.edge_weight)

    def wrong_for_csr(adjacency, weight):
        out = layer(x, adjacency, weight)
        return out + 1 if weight is None and isinstance(adjacency, torch.Tensor) else out

    with pytest.raises(AssertionError, match=r"^torch_csr: "):
        assert_same_for_all_adjacencies(wrong_for_csr, expected, graph.edge_index, graph.edge_weight, 5, 5)
