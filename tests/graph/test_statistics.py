import math

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from torch_geometric.data import Data

from xcgraph.graph import graph_statistics

# Rows: 0 <- {0, 1, 2}, 1 <- {0, 1}, 2 <- {2}, 3 <- {3}
GRAPH = Data(
    edge_index=torch.tensor([[0, 1, 2, 0, 1, 2, 3], [0, 0, 0, 1, 1, 2, 3]]), edge_weight=torch.ones(7), num_nodes=4
)


def test_degrees():
    assert graph_statistics(GRAPH) == {
        "labels": 4,
        "edges": 3,
        "degree_mean": 0.75,
        "degree_median": 0.5,
        "degree_max": 2,
        "in_degree_max": 1,
        "isolated": 1,
        "isolated_share": 0.25,
        "symmetric_share": pytest.approx(2 / 3),
    }


def test_tail_labels():
    # Label 0 has five documents, the others fewer: 1 reached and with a neighbour, 2 reached only, 3 neither.
    y = csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0]]))
    found = graph_statistics(GRAPH, train_y=y)
    assert found["tail_labels"] == 3
    assert found["tail_share_reached"] == pytest.approx(2 / 3)
    assert found["tail_share_with_neighbor"] == pytest.approx(1 / 3)


def test_homophily_of_text():
    x = csr_matrix(np.array([[2.0, 0], [0.6, 0.8], [0, 0], [0, 1]]))
    found = graph_statistics(GRAPH, label_x=x)
    assert found["text_cosine_edges"] == pytest.approx((0.6 + 0.0 + 0.6) / 3)
    assert found["text_cosine_random"] == pytest.approx((0.6 + 0 + 0 + 0 + 0.8 + 0) / 6, abs=0.01)
    assert found == graph_statistics(GRAPH, label_x=x)


def test_nothing_to_average():
    lonely = Data(edge_index=torch.zeros(2, 1, dtype=torch.long), edge_weight=torch.ones(1), num_nodes=1)
    found = graph_statistics(lonely, train_y=csr_matrix(np.ones((9, 1))), label_x=csr_matrix((1, 2)))
    assert (found["edges"], found["isolated"], found["tail_labels"]) == (0, 1, 0)
    for key in ("symmetric_share", "tail_share_reached", "text_cosine_edges", "text_cosine_random"):
        assert math.isnan(found[key])


def test_matrices_must_fit():
    with pytest.raises(ValueError, match="'train_y' of 4 labels, got 3"):
        graph_statistics(GRAPH, train_y=csr_matrix((2, 3)))
    with pytest.raises(ValueError, match="'label_x' of 4 labels, got 5"):
        graph_statistics(GRAPH, label_x=csr_matrix((5, 2)))
