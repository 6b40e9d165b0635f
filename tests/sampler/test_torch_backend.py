from __future__ import annotations

import torch
from torch_geometric.data import Data

from xcgraph.sampler import NeighborCSC, TorchBackend


def test_int64_ids_give_the_same_batches(device):
    """As on graphs of more than 2^31 nodes or edges."""
    edge_index = torch.tensor([[2, 0, 1, 0], [1, 1, 0, 2]])
    csc = NeighborCSC.from_data(Data(edge_index=edge_index, num_nodes=4).to(device))
    assert csc.perm is not None
    long = NeighborCSC(csc.colptr.long(), csc.row.long(), csc.perm.long())
    seed = torch.tensor([1, 0, 1], device=device)
    for disjoint in (False, True):
        for replace in (False, True):
            outs = [
                TorchBackend(c, "uniform", replace, disjoint).sample(
                    seed, [1, 2], torch.Generator(device).manual_seed(0)
                )
                for c in (csc, long)
            ]
            for name in ("node", "row", "col", "edge"):
                assert getattr(outs[0], name).equal(getattr(outs[1], name))
