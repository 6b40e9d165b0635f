from __future__ import annotations

import torch
from torch_geometric.data import Data

from xcgraph.sampler import NeighborCSC
from xcgraph.sampler.induced_edges import induced_edges


def test_by_hand(device):
    # 0 -> 1, 2 -> 1, 1 -> 2, 3 -> 3; node 2 is there twice: both hear 1, and 1 hears the first.
    csc = NeighborCSC.from_data(
        Data(edge_index=torch.tensor([[2, 0, 1, 3], [1, 1, 2, 3]]), num_nodes=4).to(device)
    )
    row, col, edge = induced_edges(csc, torch.tensor([2, 1, 2], device=device))
    assert row.tolist() == [1, 0, 1] and col.tolist() == [0, 1, 2] and edge.tolist() == [2, 0, 2]
    row, col, edge = induced_edges(csc, torch.tensor([3, 0], device=device))
    assert (row.tolist(), col.tolist(), edge.tolist()) == ([0], [0], [3])


def test_within_subgraphs(device):
    csc = NeighborCSC.from_data(Data(edge_index=torch.tensor([[2, 0], [1, 1]]), num_nodes=3).to(device))
    node, batch = torch.tensor([[1, 1, 0, 2], [0, 1, 0, 1]], device=device)
    row, col, edge = induced_edges(csc, node, batch)
    assert row.tolist() == [2, 3] and col.tolist() == [0, 1] and edge.tolist() == [1, 0]


def test_nothing():
    csc = NeighborCSC.from_data(Data(edge_index=torch.empty(2, 0, dtype=torch.long), num_nodes=2))
    for node in (torch.empty(0, dtype=torch.long), torch.tensor([1])):
        assert all(part.numel() == 0 for part in induced_edges(csc, node))
