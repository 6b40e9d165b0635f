from __future__ import annotations

import pytest
import torch
from torch_geometric import EdgeIndex
from torch_geometric.data import Data, HeteroData

from xcgraph.sampler import NeighborCSC

EDGES = torch.tensor([[2, 0, 1, 0], [1, 1, 0, 2]])


def test_by_hand(device):
    csc = NeighborCSC.from_data(Data(edge_index=EDGES, num_nodes=4).to(device))
    assert csc.colptr.tolist() == [0, 1, 3, 4, 4] and csc.row.tolist() == [1, 0, 2, 0]
    assert csc.perm is not None and csc.perm.tolist() == [2, 1, 0, 3]
    assert csc.colptr.dtype == csc.row.dtype == csc.perm.dtype == torch.int32 and csc.device.type == device.type
    start, degree = csc.rows(torch.tensor([1, 3], device=device))
    assert start.tolist() == [1, 4] and degree.tolist() == [2, 0]
    assert csc.edge_id(torch.tensor([0, 2], device=device)).tolist() == [2, 0]


def test_sorted_edges_are_not_permuted():
    order = [2, 1, 0, 3]
    for edge_index in (EDGES[:, order], EdgeIndex(EDGES[:, order], sparse_size=(4, 4), sort_order="col")):
        assert NeighborCSC.from_data(Data(edge_index=edge_index, num_nodes=4)).perm is None


def test_weighted():
    data = Data(edge_index=EDGES, w=torch.tensor([1.0, 3.0, 0.0, 5.0]), num_nodes=4)
    csc = NeighborCSC.from_data(data, "weighted", "w")
    assert csc.perm is not None and csc.perm.tolist() == [2, 1, 0, 3]  # heaviest first
    assert csc.weight is not None and csc.weight[1:].tolist() == pytest.approx([1, 1 / 3, 1]) and csc.cdf is None
    start, degree = csc.rows(torch.arange(4), positive=True)
    assert start.tolist() == [0, 1, 3, 4] and degree.tolist() == [0, 2, 1, 0]
    assert csc.rows(torch.arange(4))[1].tolist() == [1, 2, 1, 0]
    csc = NeighborCSC.from_data(data, "weighted", "w", replace=True)
    assert csc.cdf is not None and csc.cdf[1:].tolist() == pytest.approx([0.75, 1.0, 1.0]) and csc.weight is None


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_weights_of_any_scale(scale):
    data = Data(edge_index=EDGES, w=torch.tensor([scale, 3 * scale, 1e-30, 1e30], dtype=torch.double), num_nodes=4)
    csc = NeighborCSC.from_data(data, "weighted", "w", replace=True)
    assert csc.cdf is not None and csc.cdf.tolist() == pytest.approx([1.0, 0.75, 1.0, 1.0])


def test_shared_memory():
    data = Data(edge_index=EDGES, w=torch.rand(4), num_nodes=4)
    csc = NeighborCSC.from_data(data, "weighted", "w", replace=True).share_memory_()
    assert csc.row.is_shared() and csc.cdf is not None and csc.cdf.is_shared()


@pytest.mark.parametrize(
    ("edge_index", "message"),
    [
        (torch.tensor([[0, 4], [1, 1]]), "expected nodes from 0 to 3 .*'num_nodes' is 4.*got 4"),
        (torch.tensor([[0, 0], [1, -2]]), "got -2"),
        (torch.tensor([[0, 2, 0], [1, 1, 1]]), "expected each edge once, got 0 -> 1 more than once.*coalesce"),
        (torch.tensor([[0, 1, 2]]), r"expected 'edge_index' of shape \[2, E\].*got \[1, 3\]"),
        (torch.tensor([[0.0], [1.0]]), "integer type.*float32"),
        (None, "expected a graph with 'edge_index'.*got NoneType"),
    ],
)
def test_bad_edges(edge_index, message):
    with pytest.raises(ValueError, match=message):
        NeighborCSC.from_data(Data(edge_index=edge_index, num_nodes=4))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (torch.tensor([1.0, -1.0, 1.0, 1.0]), "weights of at least 0 in 'w', got -1 at edge 1"),
        (torch.tensor([1.0, 1.0, 1.0, float("nan")]), "got nan at edge 3"),
        (torch.tensor([float("inf"), 1.0, 1.0, 1.0]), "got inf at edge 0"),
        (torch.ones(3), r"expected 'w' of shape \[4\], one an edge, got \[3\]"),
        (torch.ones(4, 1), r"got \[4, 1\]"),
        (None, "expected edge weights in 'w', got NoneType"),
    ],
)
@pytest.mark.parametrize("strategy", ["weighted", "top"])
def test_bad_weights(strategy, weight, message):
    with pytest.raises(ValueError, match=message):
        NeighborCSC.from_data(Data(edge_index=EDGES, w=weight, num_nodes=4), strategy, "w")


@pytest.mark.parametrize("block", [1, 2, 3, 100])
def test_blocks_do_not_show(monkeypatch, block):
    monkeypatch.setattr("xcgraph.sampler.neighbor_csc._BLOCK", block)
    order = [2, 1, 0, 3]
    assert NeighborCSC.from_data(Data(edge_index=EDGES[:, order], num_nodes=4)).perm is None
    perm = NeighborCSC.from_data(Data(edge_index=EDGES, num_nodes=4)).perm
    assert perm is not None and perm.tolist() == order
    for edge in range(4):
        for order in ([0, 1, 2, 3, edge], sorted([2, 1, 0, 3, edge], key=[2, 1, 0, 3].index)):
            source, target = EDGES[:, edge].tolist()
            with pytest.raises(ValueError, match=f"got {source} -> {target} more than once"):
                NeighborCSC.from_data(Data(edge_index=EDGES[:, order], num_nodes=4))


def test_other_graphs():
    with pytest.raises(ValueError, match=r"expected a torch_geometric.data.Data, got HeteroData"):
        NeighborCSC.from_data(HeteroData())
