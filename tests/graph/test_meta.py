import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.graph import meta_graph, validate_label_graph
from xcgraph.sparse import CSR
from xcgraph.testing import dense_adjacency, tiny_label_graph


def _dense(graph):
    return dense_adjacency(graph.edge_index, graph.edge_weight, graph.num_nodes, graph.num_nodes).numpy()


def test_hard_assignment_against_dense(device, rows_of, top_rows):
    graph = tiny_label_graph(num_labels=20, degree=4)
    cluster = torch.randint(6, (20,), generator=torch.Generator().manual_seed(0))
    membership = np.zeros((7, 20))
    membership[cluster.numpy(), np.arange(20)] = 1
    expected = top_rows(np.round(membership @ _dense(graph) @ membership.T, 5), k=3)  # cluster 6 is empty
    result = validate_label_graph(meta_graph(graph.to(device), cluster, num_meta=7, k=3), num_labels=7)
    assert result.edge_index.device.type == device.type
    assert rows_of(result) == {row: pytest.approx(entries, abs=1e-4) for row, entries in expected.items()}
    same = meta_graph(graph, CSR.from_scipy(csr_matrix(membership)), k=3).to(device)
    assert torch.equal(same.edge_index, result.edge_index)
    torch.testing.assert_close(same.edge_weight, result.edge_weight)


def test_labels_in_several_clusters_or_none(device, rows_of, top_rows):
    graph = tiny_label_graph(num_labels=15, degree=3)
    membership = np.random.default_rng(0).random((5, 15)) < 0.3
    assert set(membership.sum(0)) >= {0, 1, 2}
    expected = top_rows(np.round(membership @ _dense(graph) @ membership.T, 5), k=2)
    result = meta_graph(graph.to(device), CSR.from_scipy(csr_matrix(membership)), k=2)
    assert rows_of(result) == {row: pytest.approx(entries, abs=1e-4) for row, entries in expected.items()}


def test_number_of_clusters_is_counted():
    assert meta_graph(tiny_label_graph(6), torch.tensor([0, 3, 1, 1, 2, 0])).num_nodes == 4


def test_bad_assignments():
    graph = tiny_label_graph(6)
    with pytest.raises(ValueError, match="of 6 labels, got 5"):
        meta_graph(graph, torch.zeros(5, dtype=torch.long))
    with pytest.raises(ValueError, match="0 to 1, got -1 to 2"):
        meta_graph(graph, torch.tensor([0, 1, 2, -1, 0, 0]), num_meta=2)
    with pytest.raises(ValueError, match="of 3 clusters, got 2"):
        meta_graph(graph, CSR.from_scipy(csr_matrix((2, 6))), num_meta=3)
