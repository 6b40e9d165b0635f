import pytest
import torch
from torch_geometric.data import Data

from xcgraph.transforms import TopKEdges


def _graph(edges, num_nodes):
    source, target, weight = zip(*edges, strict=True)
    return Data(
        edge_index=torch.tensor([source, target]), edge_weight=torch.tensor(weight).float(), num_nodes=num_nodes
    )


def _edges(graph):
    return list(zip(*graph.edge_index.tolist(), graph.edge_weight.tolist(), strict=True))


ROW_2 = [(3, 2, 5), (1, 2, 5), (0, 2, 5), (2, 2, 1), (4, 2, 9)]


def test_heaviest_of_a_row_with_ties_to_the_lower_id(device):
    graph = TopKEdges(2)(_graph(ROW_2, 5).to(device))
    assert _edges(graph) == [(0, 2, 5), (2, 2, 1), (4, 2, 9)]  # 4 and 0 rank, 2 is the self loop


def test_self_loops_can_be_dropped():
    assert _edges(TopKEdges(2, keep_self_loops=False)(_graph(ROW_2, 5))) == [(0, 2, 5), (4, 2, 9)]


def test_rows_are_ranked_apart_and_input_is_left_alone():
    graph = _graph([(0, 1, 1), (2, 1, 2), (1, 0, 0.5), (2, 0, 0.25)], 3)
    assert _edges(TopKEdges(1)(graph)) == [(1, 0, 0.5), (2, 1, 2)]
    assert graph.num_edges == 4


def test_duplicates_count_together():
    assert _edges(TopKEdges(1)(_graph([(0, 1, 2), (2, 1, 3), (0, 1, 2)], 3))) == [(0, 1, 4)]


def test_k_zero_and_no_edges():
    assert _edges(TopKEdges(0)(_graph(ROW_2, 5))) == [(2, 2, 1)]
    empty = Data(edge_index=torch.empty(2, 0, dtype=torch.long), edge_weight=torch.empty(0), num_nodes=3)
    assert TopKEdges(3)(empty).num_edges == 0


def test_negative_k_is_refused():
    with pytest.raises(ValueError, match="got -1"):
        TopKEdges(-1)
