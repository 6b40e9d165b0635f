from __future__ import annotations

import sys
import types

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from xcgraph.shortlist import ANNShortlist, Shortlister


def vectors(num, dim=8, seed=0):
    x = torch.randn(num, dim, generator=torch.Generator().manual_seed(seed))
    return x * torch.rand(num, 1, generator=torch.Generator().manual_seed(seed + 1)).add(0.2)


def exact(labels, x, metric, s):
    if metric == "cosine":
        labels, x = F.normalize(labels, dim=1), F.normalize(x, dim=1)
    return (x @ labels.t()).topk(s, dim=1)


@pytest.mark.parametrize("metric", ["cosine", "inner_product"])
def test_small_label_sets_are_searched_exactly(metric):
    labels, x = vectors(50), vectors(7, seed=5)
    shortlist = ANNShortlist(labels, metric=metric)
    assert isinstance(shortlist, Shortlister)
    index, score = shortlist.query(x, 5)
    expected = exact(labels, x, metric, 5)
    assert torch.equal(index, expected.indices) and torch.allclose(score, expected.values, atol=1e-6)
    assert shortlist.query(x, 500)[0].shape == (7, 50)


@pytest.mark.slow  # pynndescent compiles for about a minute
def test_the_search_finds_most_and_scores_what_it_finds_exactly():
    labels, x = vectors(600), vectors(40, seed=5)
    labels[3] = 0.0
    x[0] = 0.0
    index, score = ANNShortlist(labels, exact_below=0, num_neighbors=15).query(x, 10)
    assert index.shape == (40, 10) and index.dtype == torch.long
    expected = exact(labels, x, "inner_product", 10).indices
    recall = (index[1:].unsqueeze(2) == expected[1:].unsqueeze(1)).any(dim=1).float().mean()
    assert float(recall) > 0.9
    true = (labels[index.clamp_min(0)] * x.unsqueeze(1)).sum(-1)
    found = index >= 0
    assert torch.allclose(score[found], true[found], atol=1e-5)
    assert bool((score[:, 1:] <= score[:, :-1]).all())


def stand_in(search, metrics=("cosine", "inner_product")):
    distances = types.SimpleNamespace(named_distances=dict.fromkeys(metrics))
    return types.SimpleNamespace(NNDescent=search, distances=distances)


@pytest.mark.parametrize("metric", ["cosine", "inner_product"])
def test_what_the_search_finds_is_scored_exactly_and_ranked(monkeypatch, metric):
    built = {}

    class Search:
        """Stands for the search graph: always finds labels 4, 1 and, where it comes up short, nothing."""

        def __init__(self, points, **options):
            built.update(options, points=points)

        def prepare(self):
            built["prepared"] = True

        def query(self, points, k, epsilon):
            assert points.shape == (2, 8) and (k, epsilon) == (3, 0.15)
            return np.array([[4, 1, -1]] * 2, dtype=np.int32), np.zeros((2, 3), np.float32)

    monkeypatch.setitem(sys.modules, "pynndescent", stand_in(Search))
    labels, x = vectors(50), vectors(2, seed=5)
    index, score = ANNShortlist(labels, metric=metric, exact_below=49, seed=7).query(x, 3)
    assert built["prepared"] and (built["metric"], built["random_state"]) == (metric, 7)
    if metric == "cosine":
        labels, x = F.normalize(labels, dim=1), F.normalize(x, dim=1)
    assert np.allclose(built["points"], labels)
    true = x @ labels[[1, 4]].t()
    for i in range(2):
        assert index[i].tolist() == ([1, 4, -1] if true[i, 0] > true[i, 1] else [4, 1, -1])
    assert torch.allclose(score[:, :2], true.sort(dim=1, descending=True).values)
    assert bool((score[:, 2] == -torch.inf).all())


def test_without_pynndescent_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynndescent", None)
    with pytest.raises(ImportError, match="pip install pynndescent"):
        ANNShortlist(vectors(5), exact_below=0)


def test_old_pynndescent_has_no_inner_product(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynndescent", stand_in(None, metrics=("cosine",)))
    with pytest.raises(ImportError, match=r"0\.7 or newer"):
        ANNShortlist(vectors(5), exact_below=0)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="'metric'"):
        ANNShortlist(vectors(5), metric="euclidean")
    with pytest.raises(ValueError, match=r"\[N, 8\]"):
        ANNShortlist(vectors(5)).query(torch.ones(2, 3), 1)
