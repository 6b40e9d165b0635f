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


def fit(weight, bias=None, dims=16):
    return ClusteredLabels.fit(weight, weight.mean(dim=0), torch.zeros(2000) if bias is None else bias, dims)


def find(clusters, x, looked_at, count, base=None):
    base = np.zeros(2000, dtype=np.float32) if base is None else base
    return clusters.find(x.numpy(), base, looked_at, count, np.empty(clusters.num_clusters, dtype=np.float32))


def test_the_nearest_labels_are_found(weight):
    clusters = fit(weight)
    assert clusters.num_clusters == 31 and clusters.shape == (2000, 16)
    hits = 0
    for query in weight[::50]:
        found, _ = find(clusters, query, 300, 30)
        assert len(set(found.tolist())) == len(found) >= 30
        hits += len(set((weight @ query).topk(10).indices.tolist()) & set(found.tolist()))
    assert hits >= 0.9 * 10 * 40


@pytest.mark.parametrize("dims", [16, 14])
def test_scores(weight, dims):
    """Of all labels, as near to the products as int8 and fewer dimensions allow."""
    bias, base = torch.randn(2000), np.random.default_rng(0).random(2000).astype(np.float32)
    labels, score = find(fit(weight, bias, dims), weight[3], 2000, 2000, base)
    assert sorted(labels.tolist()) == list(range(2000))
    exact = ((weight - weight.mean(dim=0)) @ weight[3] + bias).numpy() + base
    assert np.abs(score - exact[labels]).std() < (0.1 if dims == 16 else 1.5)
    assert np.corrcoef(score, exact[labels])[0, 1] > 0.95


@pytest.mark.parametrize("by", ["bias", "base"])
def test_what_else_speaks_for_a_label(weight, by):
    added = torch.zeros(2000)
    added[700:705] = 1000.0
    looked_at = 100 if by == "bias" else 2000  # tokens do not choose clusters
    if by == "bias":
        found, _ = find(fit(weight, added), weight[0], looked_at, 5)
    else:
        found, _ = find(fit(weight), weight[0], looked_at, 5, added.numpy())
    assert {700, 701, 702, 703, 704} & set(found.tolist())


def test_tensors(weight):
    clusters = fit(weight, torch.randn(2000))
    again = ClusteredLabels.from_tensors(clusters.tensors())
    for one, other in zip(find(clusters, weight[7], 200, 20), find(again, weight[7], 200, 20), strict=True):
        assert one.tolist() == other.tolist()


def repeated(tensors):
    tensors["labels"][1] = tensors["labels"][0]


def descending(tensors):
    tensors["rowptr"][1:3] = torch.tensor([5, 1])


def negative(tensors):
    tensors["rowptr"][1] = -1


def empty(tensors):
    tensors["rowptr"][1] = 0


def short(tensors):
    tensors["bias"] = tensors["bias"][:-1]


def wide(tensors):
    tensors["rows"] = torch.nn.functional.pad(tensors["rows"], (0, 1))


@pytest.mark.parametrize("damage", [repeated, descending, negative, empty, short, wide])
def test_damaged(weight, damage):
    tensors = {name: value.clone() for name, value in fit(weight).tensors().items()}
    damage(tensors)
    with pytest.raises(ValueError, match="expected"):
        ClusteredLabels.from_tensors(tensors)
