from __future__ import annotations

import sys

import pytest

from xcgraph.inference import ClusteredLabels, FrozenBeamSearch, ProjectedLabels, freeze


@pytest.mark.parametrize(
    ("few", "many", "kind"), [(100, 200, type(None)), (5, 200, ProjectedLabels), (2, 5, ClusteredLabels)]
)
def test_auto(make_ranker, monkeypatch, few, many, kind):
    module = sys.modules["xcgraph.inference.freeze"]  # the function has its name
    monkeypatch.setattr(module, "_FEW_LABELS", few)
    monkeypatch.setattr(module, "_MANY_LABELS", many)
    assert isinstance(freeze(make_ranker()).shortlist, kind)


def test_candidates(make_ranker):
    assert freeze(make_ranker(), shortlist="projection").candidates == 200
    assert freeze(make_ranker(), shortlist="clusters").candidates == 400
    assert freeze(make_ranker(), shortlist="clusters", candidates=7).candidates == 7


def test_the_ranker_stays_as_it_is(make_ranker, doc_x):
    ranker = make_ranker(game=0.5, lexical=True)
    before = ranker.rank(doc_x, 12)
    freeze(ranker, "int8", "projection", min_weight=0.5)
    assert all((a == b).all() for a, b in zip(ranker.rank(doc_x, 12), before, strict=True))


def test_a_graph_without_weight_is_left_out(make_ranker):
    ranker = make_ranker(game=0.5)
    assert freeze(ranker).expansion is not None
    ranker.expansion.mix = 0.0
    assert freeze(ranker).expansion is None


def test_the_same_seed_gives_the_same_index(make_ranker):
    for shortlist in ("projection", "clusters"):
        first, second = (freeze(make_ranker(), shortlist=shortlist, seed=4).shortlist.tensors() for _ in range(2))
        assert all((first[name] == second[name]).all() for name in first)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int4"}, "'dtype' must be one of .*, got 'int4'"),
        ({"shortlist": "tree"}, "'shortlist' must be one of .*, got 'tree'"),
        ({"min_weight": -1.0}, "'min_weight' must not be negative, got -1.0"),
        ({"dims": 0}, "'dims' must be positive, got 0"),
        ({"candidates": 0}, "'candidates' must be positive, got 0"),
    ],
)
def test_mistakes(make_ranker, options, message):
    with pytest.raises(ValueError, match=message):
        freeze(make_ranker(), **options)


def test_a_trained_shortlist(make_ranker):
    ranker = make_ranker(shortlist=True)
    assert isinstance(freeze(ranker).shortlist, FrozenBeamSearch)
    for shortlist in ("none", "projection", "clusters"):
        message = f"trained with a shortlist of its own .* to be 'auto', got '{shortlist}'"
        with pytest.raises(ValueError, match=message):
            freeze(ranker, shortlist=shortlist)
