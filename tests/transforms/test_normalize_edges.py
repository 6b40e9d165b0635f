import pytest
import torch

from xcgraph.testing import dense_adjacency, tiny_label_graph
from xcgraph.transforms import NormalizeEdges


def _dense(graph):
    return dense_adjacency(graph.edge_index, graph.edge_weight, graph.num_nodes, graph.num_nodes)


@pytest.mark.parametrize("norm", ["sym", "row"])
def test_against_diagonal_matrices(device, norm):
    graph = tiny_label_graph(num_labels=9, degree=3)
    g = _dense(graph)
    row, column = g.sum(1), g.sum(0)
    assert not torch.allclose(row, column)  # directed: rows and columns are not to be mixed up
    left = (row ** (-0.5 if norm == "sym" else -1.0)).diag()
    right = column.pow(-0.5).diag() if norm == "sym" else torch.eye(9)
    result = NormalizeEdges(norm)(graph.to(device))
    torch.testing.assert_close(_dense(result), left.double() @ g @ right.double())
    assert result.edge_weight.dtype == torch.float32


def test_largest_singular_value_is_one():
    graph = NormalizeEdges()(tiny_label_graph(num_labels=12, degree=4))
    assert torch.linalg.matrix_norm(_dense(graph), 2).item() == pytest.approx(1.0, abs=1e-6)


def test_zero_rows_stay_zero_and_input_is_left_alone():
    graph = tiny_label_graph()
    graph.edge_weight = torch.zeros_like(graph.edge_weight)
    assert NormalizeEdges()(graph).edge_weight.eq(0).all()
    graph = tiny_label_graph()
    before = graph.edge_weight.clone()
    NormalizeEdges()(graph)
    assert torch.equal(graph.edge_weight, before)


def test_unknown_norm():
    with pytest.raises(ValueError, match="'rows'"):
        NormalizeEdges("rows")
