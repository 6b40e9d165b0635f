from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import ClusteredLabels


@pytest.fixture
def weight():
    """2,000 label vectors in 40 tight groups."""
    g = torch.Generator().manual_seed(2)
    return torch.randn(40, 16, generator=g).repeat_interleave(50, dim=0) + 0.1 * torch.randn(2000, 16, generator=g)


def test_the_nearest_labels_are_found(weight):
    mean, bias = weight.mean(dim=0), torch.zeros(2000)
    clusters = ClusteredLabels.fit(weight, mean, bias)
    assert clusters.num_clusters == 31
    score = np.empty(31, dtype=np.float32)
    hits = 0
    for query in weight[::50]:
        found = clusters.find(query.numpy(), 300, score)
        assert len(found) == len(set(found.tolist())) and 250 <= len(found) <= 400
        hits += len(set((weight @ query).topk(10).indices.tolist()) & set(found.tolist()))
    assert hits >= 0.9 * 10 * 40


def test_all_of_them(weight):
    clusters = ClusteredLabels.fit(weight, weight.mean(dim=0), torch.zeros(2000))
    found = clusters.find(weight[0].numpy(), 2000, np.empty(31, dtype=np.float32))
    assert sorted(found.tolist()) == list(range(2000))


def test_bias_counts(weight):
    bias = torch.zeros(2000)
    bias[50:100] = 1000.0
    clusters = ClusteredLabels.fit(weight, weight.mean(dim=0), bias)
    found = clusters.find(weight[0].numpy(), 120, np.empty(31, dtype=np.float32))
    assert len(set(range(50, 100)) & set(found.tolist())) > 25


def test_tensors(weight):
    clusters = ClusteredLabels.fit(weight, weight.mean(dim=0), torch.randn(2000))
    again = ClusteredLabels.from_tensors(clusters.tensors())
    score = np.empty(31, dtype=np.float32)
    x = weight[7].numpy()
    assert again.find(x, 200, score).tolist() == clusters.find(x, 200, score).tolist()


@pytest.mark.parametrize("damage", [{"labels": 0}, {"rowptr": 5}, {"rowptr": -1}])
def test_damaged(weight, damage):
    tensors = {name: value.clone() for name, value in clusters_of(weight).tensors().items()}
    ((name, value),) = damage.items()
    tensors[name][1] = tensors[name][0] if name == "labels" else value
    if name == "rowptr" and value > 0:
        tensors[name][2] = 1  # descending
    with pytest.raises(ValueError, match="expected"):
        ClusteredLabels.from_tensors(tensors)


def clusters_of(weight):
    return ClusteredLabels.fit(weight, weight.mean(dim=0), torch.zeros(2000))
