from __future__ import annotations

import pytest
import torch
from scipy.stats import chisquare
from torch_geometric.data import Data
from torch_geometric.sampler import NodeSamplerInput

from xcgraph.sampler import LabelNeighborSampler, NeighborCSC, TorchSparseBackend
from xcgraph.testing import assert_is_sample, tiny_label_graph
from xcgraph.typing import torch_sparse_support

needs_torch_sparse = pytest.mark.skipif(
    torch_sparse_support() == "none", reason="torch-sparse is optional; `make sparse` installs it"
)


def pairs(n: int) -> Data:
    """Nodes 0 to n - 1 that each hear nodes n and n + 1."""
    target = torch.arange(n).repeat_interleave(2)
    return Data(edge_index=torch.stack([torch.tensor([n, n + 1]).repeat(n), target]), num_nodes=n + 2)


@needs_torch_sparse
def test_without_replacement_torch_sparse_is_biased_and_we_are_not():
    data, seeds = pairs(1000), torch.arange(1000)
    csc = NeighborCSC.from_data(data)
    _, _, _, edge = torch.ops.torch_sparse.neighbor_sample(
        csc.colptr.long(), csc.row.long(), seeds, [1], False, True
    )
    # Of two neighbours, the first each time (pytorch_sparse issue 385). A failure here means that it was mended.
    assert (edge % 2 == 0).all()
    ours = LabelNeighborSampler(data, [1], seed=0).sample_from_nodes(NodeSamplerInput(None, seeds)).edge
    assert chisquare((ours % 2).bincount(minlength=2)).pvalue > 1e-4


@needs_torch_sparse
def test_with_replacement_it_is_not():
    sampler = LabelNeighborSampler(pairs(1000), [3], replace=True, backend="torch-sparse", seed=0)
    out = sampler.sample_from_nodes(NodeSamplerInput(None, torch.arange(1000)))
    assert chisquare((out.edge % 2).bincount(minlength=2)).pvalue > 1e-4


@needs_torch_sparse
@pytest.mark.parametrize("num_neighbors", [[2], [2, 3], [3, 1, 2], [-1, 2]])
def test_gives_what_the_torch_backend_gives(num_neighbors):
    data = tiny_label_graph(30, 4)
    data = Data(edge_index=data.edge_index[:, data.edge_index[1] % 3 > 0], num_nodes=30)  # some hear nobody
    for seeds in ([5, 0, 9], [], [3], [7, 7, 2]):
        sampler = LabelNeighborSampler(data, num_neighbors, replace=True, backend="torch-sparse", seed=2)
        out = sampler.sample_from_nodes(NodeSamplerInput(None, torch.tensor(seeds, dtype=torch.long)))
        assert_is_sample(data, seeds, num_neighbors, out, replace=True)


@needs_torch_sparse
def test_the_same_seed_gives_the_same_batches():
    data, seeds = tiny_label_graph(30, 9), NodeSamplerInput(None, torch.arange(30))
    edges = [
        LabelNeighborSampler(data, [3], replace=True, backend="torch-sparse", seed=seed)
        .sample_from_nodes(seeds)
        .edge
        for seed in (1, 1, 2)
    ]
    assert edges[0].equal(edges[1]) and not edges[0].equal(edges[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "expected replace=True with backend='torch-sparse'.*issue 385.*use backend='torch'"),
        ({"replace": True, "disjoint": True}, "got disjoint=True"),
        ({"replace": True, "weight_attr": "edge_weight"}, "got strategy='weighted'"),
    ],
)
def test_what_it_cannot_do(arguments, message):
    with pytest.raises(ValueError, match=message):
        LabelNeighborSampler(tiny_label_graph(), [1], backend="torch-sparse", **arguments)


def test_missing(monkeypatch):
    monkeypatch.setattr("xcgraph.sampler.torch_sparse_backend.torch_sparse_support", lambda: "none")
    with pytest.raises(ImportError, match=r"pip install 'xcgraph\[sparse\]'"):
        TorchSparseBackend(NeighborCSC.from_data(pairs(2)), "uniform", True, False)
