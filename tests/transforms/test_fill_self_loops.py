import pytest
import torch
from torch_geometric.data import Data

from xcgraph.transforms import FillSelfLoops


def _graph(device="cpu"):
    index = torch.tensor([[0, 2, 1], [1, 0, 1]], device=device)
    return Data(edge_index=index, edge_weight=torch.tensor([5.0, 6, 7], device=device), num_nodes=3)


def test_missing_loops_are_added_and_others_left(device):
    graph = FillSelfLoops(2.0)(_graph(device))
    assert graph.edge_index.tolist() == [[0, 2, 0, 1, 2], [0, 0, 1, 1, 2]]
    assert graph.edge_weight.tolist() == [2, 6, 5, 7, 2]


def test_all_loops_can_be_set():
    graph = FillSelfLoops(0.5, mode="all")(_graph())
    assert graph.edge_weight.tolist() == [0.5, 6, 5, 0.5, 0.5]


def test_twice_is_once():
    once = FillSelfLoops()(_graph())
    twice = FillSelfLoops()(once)
    assert torch.equal(once.edge_index, twice.edge_index)
    assert torch.equal(once.edge_weight, twice.edge_weight)


@pytest.mark.parametrize("kwargs", [{"value": 0.0}, {"value": float("nan")}, {"mode": "some"}])
def test_bad_arguments(kwargs):
    with pytest.raises(ValueError, match="expected"):
        FillSelfLoops(**kwargs)
