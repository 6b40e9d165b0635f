import pytest
import torch
from torch_geometric.data import Data

from xcgraph.transforms import IsolateHeadLabels


def test_labels_over_the_threshold_keep_a_self_loop_alone(device):
    index = torch.tensor([[0, 1, 2, 1, 1], [1, 0, 0, 1, 2]], device=device)
    graph = Data(edge_index=index, edge_weight=torch.tensor([2.0, 3, 4, 9, 5], device=device), num_nodes=3)
    graph = IsolateHeadLabels(torch.tensor([500, 501, 1]))(graph)
    assert graph.edge_index.tolist() == [[0, 2, 1, 2], [0, 0, 1, 2]]
    assert graph.edge_weight.tolist() == [1, 4, 1, 1]


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"shape \[L\]"):
        IsolateHeadLabels(torch.ones(2, 2))
    with pytest.raises(ValueError, match="of 3 labels, got 2"):
        IsolateHeadLabels(torch.ones(2))(Data(edge_index=torch.empty(2, 0, dtype=torch.long), num_nodes=3))
