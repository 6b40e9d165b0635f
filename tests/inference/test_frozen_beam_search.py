from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import FrozenBeamSearch

COMBINATIONS = [{}, {"meta_game": 0.4}, {"bias": False}, {"meta_beam": 1}, {"meta_beam": 4, "meta_game": 1.0}]


def rows(doc_x):
    return [(row.indices.astype(np.int32), row.data) for row in doc_x.to_scipy()]


@pytest.mark.parametrize("options", COMBINATIONS)
def test_equals_the_trained_one(make_ranker, doc_x, options):
    search = make_ranker(shortlist=True, **options).shortlister
    want_labels, want_score = search(doc_x)
    frozen = FrozenBeamSearch.freeze(search, "float32")
    for _ in range(2):  # buffers are used again
        for number, row in enumerate(rows(doc_x)):
            real = want_labels[number] >= 0
            labels, score = frozen.find(*row)
            assert labels.tolist() == want_labels[number][real].tolist() and labels.dtype == np.int32
            np.testing.assert_allclose(score, want_score[number][real], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_rounding(make_ranker, doc_x, dtype):
    """Scores of the same labels differ by what rounding costs."""
    search = make_ranker(shortlist=True, meta_beam=4).shortlister
    search.weight = search.weight + 30  # which a mean takes care of
    exact, rounded = (FrozenBeamSearch.freeze(search, name) for name in ("float32", dtype))
    assert rounded.weight.dtype == rounded.encoder.tokens.dtype == dtype
    for row in rows(doc_x):
        want, got = (dict(zip(*(part.tolist() for part in s.find(*row)), strict=True)) for s in (exact, rounded))
        assert set(want) == set(got) == set(range(12))
        assert max(abs(np.log(got[i] + 1e-9) - np.log(want[i] + 1e-9)) for i in want) < 2.0
        assert np.mean([abs(got[i] - want[i]) for i in want]) < 0.02


def test_clusters_without_labels(make_ranker, doc_x):
    search = make_ranker(shortlist=True, meta_beam=4).shortlister
    search.clusters = type(search.clusters)(torch.tensor([0, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0]), 4)
    for row in rows(doc_x):
        labels, _ = FrozenBeamSearch.freeze(search, "float32").find(*row)
        assert sorted(labels.tolist()) == list(range(12))


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_round_trip(make_ranker, doc_x, dtype):
    frozen = FrozenBeamSearch.freeze(make_ranker(shortlist=True, meta_game=0.3).shortlister, dtype)
    again = FrozenBeamSearch.from_tensors(frozen.tensors(), frozen.beam, frozen.expansion.mix)
    for row in rows(doc_x):
        assert all((a == b).all() for a, b in zip(frozen.find(*row), again.find(*row), strict=True))
    assert repr(again) == repr(frozen) == "FrozenBeamSearch(12 labels, 4 meta-labels, beam=2)"


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("mean", lambda t: t[:3], "expected 4 meta-labels of 5 dimensions"),
        ("bias", lambda t: t[:3], "expected 4 meta-labels"),
        ("weight", lambda t: t[:, :3], "expected 4 meta-labels"),
        ("rowptr", lambda t: t[:-1], "expected 4 meta-labels"),
        ("rowptr", lambda t: t.flip(0), "expected a sparse matrix"),
        ("labels", lambda t: t + 1, "expected a sparse matrix"),
        ("labels", lambda t: t.clamp(max=10), "expected every label in one meta-label"),
        ("graph.rowptr", lambda t: t[:3], "expected a sparse matrix|expected a graph"),
        ("graph.col", lambda t: t + 9, "expected a sparse matrix"),
    ],
)
def test_tensors_that_do_not_fit(make_ranker, name, change, message):
    frozen = FrozenBeamSearch.freeze(make_ranker(shortlist=True, meta_game=0.3).shortlister, "float32")
    tensors = {**frozen.tensors(), name: change(frozen.tensors()[name]).contiguous()}
    with pytest.raises(ValueError, match=message):
        FrozenBeamSearch.from_tensors(tensors, 2, 0.3)


@pytest.mark.parametrize("beam", [0, 5])
def test_beams_that_do_not_exist(make_ranker, beam):
    frozen = FrozenBeamSearch.freeze(make_ranker(shortlist=True).shortlister, "float32")
    with pytest.raises(ValueError, match=f"expected a beam of 1 to 4, got {beam}"):
        FrozenBeamSearch.from_tensors(frozen.tensors(), beam, 0.0)
