import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.graph import BlendGraph, CooccurrenceGraph, RandomWalkGraph, TextKNNGraph
from xcgraph.testing import dense_adjacency, tiny_dataset


def _shares(graph):
    dense = dense_adjacency(graph.edge_index, graph.edge_weight, graph.num_nodes, graph.num_nodes).numpy()
    return dense / dense.sum(1, keepdims=True)


def test_against_a_sum_of_dense_shares(rows_of, top_rows):
    data = tiny_dataset()
    builders = [RandomWalkGraph(length=50, k=4), TextKNNGraph(k=2), CooccurrenceGraph(k=3)]
    total = sum(w * _shares(b(data)) for w, b in zip([0.5, 2.0, 1.0], builders, strict=True))
    rows = rows_of(BlendGraph(builders, weights=[0.5, 2.0, 1.0], k=3)(data))
    expected = top_rows(np.round(total, 6), k=3)
    assert {row: pytest.approx(entries, abs=1e-5) for row, entries in expected.items()} == rows


def test_equal_shares_by_default(rows_of):
    y = csr_matrix(np.array([[1, 1], [1, 0], [1, 0]], dtype=np.float32))  # counts ((3, 1), (1, 1))
    rows = rows_of(BlendGraph([CooccurrenceGraph(), CooccurrenceGraph(head_threshold=2)])(y))
    assert rows == {0: {0: 0.875, 1: 0.125}, 1: {0: 0.25, 1: 0.75}}


def test_bad_arguments(make_y):
    with pytest.raises(ValueError, match="at least one builder"):
        BlendGraph([])
    with pytest.raises(ValueError, match="1 weights, one a builder, got 2"):
        BlendGraph([CooccurrenceGraph()], weights=[1, 2])
    with pytest.raises(ValueError, match="greater than 0"):
        BlendGraph([CooccurrenceGraph()], weights=[0.0])
    with pytest.raises(ValueError, match=r"equally many labels, got \[25, 60\]"):
        BlendGraph([CooccurrenceGraph(), TextKNNGraph()])(make_y())  # rows of y read as label texts
