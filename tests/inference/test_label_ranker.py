from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import EnsembleRanker, label_ranker
from xcgraph.inference.label_ranker import LabelRanker
from xcgraph.sparse import CSR
from xcgraph.testing import dense_game

L = 12
OPTIONS = [
    {},
    {"bias": False},
    {"link": "softmax"},
    {"game": 0.5},
    {"game": 0.3, "link": "softmax"},
    {"shortlist": True},
    {"shortlist": True, "bias": False, "meta_beam": 3},
    {"shortlist": True, "link": "softmax"},
    {"shortlist": True, "game": 0.5, "meta_game": 0.5},
    {"shortlist": True, "meta_game": 0.5, "meta_beam": 1},
    {"shortlist": True, "game": 0.7, "beam": 3},
    {"shortlist": True, "meta_beam": 99},
    {"lexical": True},
    {"lexical": True, "link": "softmax", "game": 0.2},
    {"lexical": True, "shortlist": True, "link": "softmax"},
    {"lexical": True, "shortlist": True, "game": 0.2},
]


def dense(graph: CSR) -> torch.Tensor:
    return graph.to_torch().to_dense()


def naive(ranker: LabelRanker, doc_x: CSR, k: int) -> list[list[tuple[int, float]]]:
    """The formulas of DECAF (top-B clusters, product of probabilities) and ECLARE (GAME twice), one by one."""
    logits = ranker.encoder(doc_x) @ ranker.weight.t() + (0.0 if ranker.bias is None else ranker.bias)
    if ranker.lexical is not None:
        logits = logits + dense(doc_x) @ dense(ranker.lexical.weight)
    search, out = ranker.shortlister, []
    for i, logit in enumerate(logits.tolist()):
        parent = dict.fromkeys(range(L), 1.0)
        if search is not None:
            x = search.encoder(doc_x.select_rows(torch.tensor([i])))[0]
            bias = torch.zeros(4) if search.bias is None else search.bias
            p = torch.sigmoid(search.weight @ x + bias)
            best = sorted(range(4), key=lambda m: (-float(p[m]), m))[: search.beam]
            beams = {m: float(p[m]) for m in best}
            if search.expansion is not None:
                index, score = torch.tensor([best]), p[best].unsqueeze(0)
                index, score = dense_game(index, score, dense(search.expansion.graph), search.expansion.mix)
                beams = {m: s for m, s in zip(index[0].tolist(), score[0].tolist(), strict=True) if m >= 0}
            cluster = search.clusters.assignment.tolist()
            parent = {label: beams[cluster[label]] for label in range(L) if cluster[label] in beams}
        own = {label: 1 / (1 + np.exp(-logit[label])) for label in parent}
        if ranker.link == "softmax":
            total = sum(np.exp(logit[label]) for label in parent)
            own = {label: np.exp(logit[label]) / total for label in parent}
        score = {label: parent[label] * own[label] for label in parent}
        ranked = sorted(score.items(), key=lambda item: (-item[1], item[0]))
        if ranker.expansion is not None:
            ranked = ranked[: ranker.beam]
            index = torch.tensor([[label for label, _ in ranked]])
            values = torch.tensor([[value for _, value in ranked]])
            # top B of what moved, B being the beam even where the shortlist was shorter
            short = ranker.beam - index.size(1)
            index, values = (
                torch.nn.functional.pad(index, (0, short), value=-1),
                torch.nn.functional.pad(values, (0, short)),
            )
            index, values = dense_game(index, values, dense(ranker.expansion.graph), ranker.expansion.mix, k)
            ranked = [(m, s) for m, s in zip(index[0].tolist(), values[0].tolist(), strict=True) if m >= 0]
        out.append(ranked[:k])
    return out


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("k", [1, 5, 12])
def test_equals_oracle(make_ranker, doc_x, options, k):
    ranker = make_ranker(**options)
    index, score = ranker.rank(doc_x, k)
    assert index.shape == score.shape == (7, k) and index.dtype == torch.long
    for row, values, expected in zip(index.tolist(), score.tolist(), naive(ranker, doc_x, k), strict=True):
        assert row == [label for label, _ in expected] + [-1] * (k - len(expected))
        assert values[: len(expected)] == pytest.approx([value for _, value in expected], rel=1e-4)
        assert values[len(expected) :] == [-np.inf] * (k - len(expected))


@pytest.mark.parametrize("options", OPTIONS)
def test_the_best_do_not_depend_on_how_many_are_asked_for(make_ranker, doc_x, options):
    for ranker in (make_ranker(**options), EnsembleRanker([make_ranker(s, **options) for s in (0, 1)])):
        index, score = ranker.rank(doc_x, 12)
        for k in (1, 3, 11):
            assert torch.equal(ranker.rank(doc_x, k)[0], index[:, :k])
            torch.testing.assert_close(ranker.rank(doc_x, k)[1], score[:, :k])


@pytest.mark.parametrize("options", OPTIONS)
def test_pieces_of_documents(make_ranker, doc_x, options, monkeypatch):
    ranker = make_ranker(**options)
    index, score = ranker.rank(doc_x, 9)
    monkeypatch.setattr(label_ranker, "_MAX_SCORES", 20)  # one or two documents at a time
    pieces = ranker.rank(doc_x, 9)
    assert torch.equal(pieces[0], index)
    torch.testing.assert_close(pieces[1], score)


@pytest.mark.parametrize("options", OPTIONS)
def test_sizes_at_the_border(make_ranker, doc_x, options):
    nothing = doc_x.select_rows(torch.empty(0, dtype=torch.long))
    for ranker in (make_ranker(**options), EnsembleRanker([make_ranker(s, **options) for s in (0, 1)])):
        assert ranker.rank(doc_x, 99)[0].shape == ranker.rank(doc_x, 99)[1].shape == (7, 12)
        index, score = ranker.rank(nothing, 5)
        assert index.shape == score.shape == (0, 5) and index.dtype == torch.long
        index, score = ranker.predict(doc_x, 3)
        assert isinstance(index, np.ndarray) and index.dtype == np.int64 and score.dtype == np.float32
        found = index[index >= 0]
        assert found.size and found.max() < 12


def test_ties_go_to_the_lower_label(make_ranker, doc_x):
    for options in ({}, {"shortlist": True, "meta_beam": 4}):
        ranker = make_ranker(**options)
        ranker.weight.zero_()
        ranker.bias.zero_()
        if ranker.shortlister is not None:
            ranker.shortlister.weight.zero_()
            ranker.shortlister.bias.zero_()
        index, score = ranker.rank(doc_x, 5)
        assert index.tolist() == [[0, 1, 2, 3, 4]] * 7
        assert (score == score[0, 0]).all()


def test_probabilities_of_softmax_sum_to_one(make_ranker, doc_x):
    _, score = make_ranker(link="softmax").rank(doc_x, 12)
    torch.testing.assert_close(score.sum(1), torch.ones(7))


def test_mix_of_zero_is_no_expansion(make_ranker, doc_x):
    plain, mixed = make_ranker(shortlist=True), make_ranker(shortlist=True, game=0.5, meta_game=0.5)
    mixed.expansion.mix = mixed.shortlister.expansion.mix = 0.0
    assert all(torch.equal(a, b) for a, b in zip(plain.rank(doc_x, 5), mixed.rank(doc_x, 5), strict=True))


@pytest.mark.parametrize("options", OPTIONS)
def test_ensemble_is_the_mean(make_ranker, doc_x, options):
    members = [make_ranker(seed, **options) for seed in range(3)]
    index, score = EnsembleRanker(members).rank(doc_x, 12)
    tables = []
    for member in members:  # an absent label counts as zero
        table = torch.zeros(7, L)
        found, value = member.rank(doc_x, 12)
        for i in range(7):
            for label, v in zip(found[i].tolist(), value[i].tolist(), strict=True):
                if label >= 0:
                    table[i, label] = v
        tables.append(table)
    mean = torch.stack(tables).mean(0)
    for i in range(7):
        listed = {label for label in index[i].tolist() if label >= 0}
        assert listed == set((mean[i] > 0).nonzero()[:, 0].tolist())
        values = [float(mean[i, label]) for label in index[i].tolist() if label >= 0]
        assert values == sorted(values, reverse=True)
        assert score[i][: len(values)].tolist() == pytest.approx(values, rel=1e-4)


def test_depth_of_an_ensemble(make_ranker, doc_x):
    members = [make_ranker(0), make_ranker(1)]
    shallow = EnsembleRanker(members, depth=2)
    index, _ = shallow.rank(doc_x, 2)
    listed = [set(member.rank(doc_x, 2)[0][i].tolist()) for member in members for i in range(7)]
    for i in range(7):
        assert set(index[i].tolist()) <= listed[i] | listed[7 + i]


def test_one_member_is_itself(make_ranker, doc_x):
    member = make_ranker()
    assert torch.equal(EnsembleRanker([member]).rank(doc_x, 5)[0], member.rank(doc_x, 5)[0])
    with pytest.raises(ValueError, match="at least one member"):
        EnsembleRanker([])


def test_beams(make_ranker, doc_x):
    search = make_ranker(shortlist=True, meta_game=0.5, meta_beam=1).shortlister
    index, p = search.beams(doc_x)
    assert index.shape == p.shape == (7, 2) and search.width == 2 * 5
    near, inherited = search(doc_x)
    assert near.shape == inherited.shape == (7, 10)
    for row, value, beams in zip(near, inherited, index, strict=True):
        real = row >= 0
        assert set(search.clusters.assignment[row[real]].tolist()) == set(beams[beams >= 0].tolist())
        assert torch.isneginf(value[~real]).all() and torch.isfinite(value[real]).all()
