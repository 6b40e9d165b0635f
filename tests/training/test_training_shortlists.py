from __future__ import annotations

import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.inference import BeamSearch, DocumentEncoder
from xcgraph.shortlist import ClusterIndex
from xcgraph.sparse import CSR
from xcgraph.testing import dense_adjacency, tiny_label_graph
from xcgraph.training.training_shortlists import training_shortlists, with_neighbours

GRAPH = tiny_label_graph(10, 2)


@pytest.fixture
def search() -> BeamSearch:
    encoder = DocumentEncoder(torch.randn(6, 3), torch.ones(3), torch.eye(3), torch.zeros(3))
    return BeamSearch(encoder, torch.randn(4, 3), torch.randn(4), ClusterIndex(torch.arange(10) % 4), 2)


@pytest.fixture
def doc_x() -> CSR:
    return CSR.from_scipy(csr_matrix(torch.rand(7, 6).numpy()))


@pytest.mark.parametrize("block", [1, 3, 100])
def test_all_labels_of_the_best_clusters(search, doc_x, block):
    out = training_shortlists(search, doc_x, block=block)
    assert out.dtype == torch.int32 and out.shape == (7, 2 * 3)
    beams, _ = search.beams(doc_x)
    for row, beam in zip(out.tolist(), beams.tolist(), strict=True):
        assert set(row) - {-1} == {label for label in range(10) if label % 4 in beam}


def test_width_keeps_the_best_clusters(search, doc_x):
    out = training_shortlists(search, doc_x, width=3)
    beams, _ = search.beams(doc_x)
    for row, (best, second) in zip(out.tolist(), beams.tolist(), strict=True):
        first = [label for label in range(10) if label % 4 == best]
        then = [label for label in range(10) if label % 4 == second]
        assert row == (first + then)[:3]
    assert training_shortlists(search, doc_x, width=99).shape == (7, 6)


@pytest.mark.parametrize("block", [2, 100])
def test_neighbours(search, doc_x, block):
    out = training_shortlists(search, doc_x, graph=GRAPH, block=block)
    dense = dense_adjacency(GRAPH.edge_index, GRAPH.edge_weight, 10, 10)
    for row, plain in zip(out.tolist(), training_shortlists(search, doc_x).tolist(), strict=True):
        expected = {m for label in plain if label >= 0 for m in range(10) if dense[label, m] > 0}
        labels = [label for label in row if label >= 0]
        assert len(labels) == len(set(labels)) and set(labels) == expected


def test_with_neighbours_by_hand():
    # Label l's row of G is its edges' sources: 0 <- {0, 1}, 1 <- {1}, 2 <- {0, 2}.
    from torch_geometric.data import Data

    graph = Data(edge_index=torch.tensor([[0, 1, 1, 0, 2], [0, 0, 1, 2, 2]]), num_nodes=3)
    out = with_neighbours(torch.tensor([[0, -1], [2, 0], [-1, -1], [1, 1]]), graph)
    assert out.tolist() == [[0, 1, -1], [0, 1, 2], [-1, -1, -1], [1, -1, -1]]
    assert with_neighbours(torch.empty(0, 2, dtype=torch.long), graph).shape == (0, 0)
    assert with_neighbours(torch.full((2, 2), -1), graph).shape == (2, 0)
