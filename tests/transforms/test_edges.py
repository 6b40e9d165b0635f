import pytest
import torch
from torch_geometric.data import Data

from xcgraph.transforms.edges import edge_weight_of, sort_edges


def test_sort_edges_orders_by_target_then_source_and_adds_duplicates(device):
    index = torch.tensor([[2, 0, 1, 0], [1, 1, 0, 1]], device=device)
    graph = sort_edges(
        Data(edge_index=index, edge_weight=torch.tensor([1.0, 2, 3, 4], device=device), num_nodes=3)
    )
    assert graph.edge_index.tolist() == [[1, 0, 2], [0, 1, 1]]
    assert graph.edge_weight.tolist() == [3, 6, 1]


def test_missing_weights_are_ones():
    assert edge_weight_of(Data(edge_index=torch.tensor([[0, 1], [1, 0]]))).tolist() == [1, 1]


def test_bad_graphs_are_refused():
    index = torch.tensor([[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="got none"):
        edge_weight_of(Data(num_nodes=2))
    with pytest.raises(ValueError, match=r"shape \[2\].*got \[3\]"):
        edge_weight_of(Data(edge_index=index, edge_weight=torch.ones(3)))
    with pytest.raises(ValueError, match="'edge_attr'"):
        sort_edges(Data(edge_index=index, edge_attr=torch.ones(2, 4), num_nodes=2))
