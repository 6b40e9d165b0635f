from __future__ import annotations

import pytest
import torch
from scipy.stats import chisquare
from torch_geometric.data import Data
from torch_geometric.sampler import NodeSamplerInput

from xcgraph.sampler import LabelNeighborSampler
from xcgraph.testing import assert_is_sample, tiny_label_graph
from xcgraph.typing import has_pyg_lib

needs_pyg_lib = pytest.mark.skipif(not has_pyg_lib(), reason="pyg-lib is optional, and not on PyPI")


@needs_pyg_lib
@pytest.mark.parametrize("disjoint", [False, True])
@pytest.mark.parametrize("replace", [False, True])
def test_gives_what_the_torch_backend_gives(replace, disjoint):
    data = tiny_label_graph(30, 4)
    for seeds in ([5, 0, 9], [3]):
        sampler = LabelNeighborSampler(data, [3, 2], replace=replace, disjoint=disjoint, backend="pyg-lib", seed=2)
        out = sampler.sample_from_nodes(NodeSamplerInput(None, torch.tensor(seeds)))
        assert_is_sample(data, seeds, [3, 2], out, replace, disjoint)


@needs_pyg_lib
def test_draws_equally_often():
    target = torch.arange(1000).repeat_interleave(2)
    data = Data(edge_index=torch.stack([torch.tensor([1000, 1001]).repeat(1000), target]), num_nodes=1002)
    out = LabelNeighborSampler(data, [1], backend="pyg-lib", seed=0).sample_from_nodes(
        NodeSamplerInput(None, torch.arange(1000))
    )
    assert chisquare((out.edge % 2).bincount(minlength=2)).pvalue > 1e-4


def test_what_it_cannot_do():
    with pytest.raises(ValueError, match="expected strategy='uniform' with backend='pyg-lib', got 'weighted'"):
        LabelNeighborSampler(tiny_label_graph(), [1], backend="pyg-lib", weight_attr="edge_weight")


def test_missing(monkeypatch):
    monkeypatch.setattr("xcgraph.sampler.pyg_lib_backend.has_pyg_lib", lambda: False)
    with pytest.raises(ImportError, match="pip install pyg-lib -f"):
        LabelNeighborSampler(tiny_label_graph(), [1], backend="pyg-lib")
