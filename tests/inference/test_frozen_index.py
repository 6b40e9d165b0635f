from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.inference import (
    DocumentEncoder,
    Expansion,
    FrozenIndex,
    LabelRanker,
    LexicalScorer,
    freeze,
    frozen_index,
    join_rankers,
    token_postings,
)
from xcgraph.shortlist import ClusterIndex
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_label_graph

L, V, D = 3000, 50, 24


def rows(doc_x):
    matrix = doc_x.to_scipy()
    return [(row.indices.astype(np.int32), row.data) for row in matrix]


def compare(index, ranker, doc_x, k, atol=2e-5, **options):
    """Same labels where scores differ by more than rounding, same scores."""
    want_index, want = ranker.predict(doc_x, k)
    for number, (ids, weights) in enumerate(rows(doc_x)):
        labels, score = index.rank(ids, weights, k, **options)
        real = want_index[number] >= 0
        np.testing.assert_allclose(score, want[number][real], atol=atol, rtol=1e-4)
        gaps = np.abs(np.diff(want[number][real], append=-1, prepend=2))
        clear = (gaps[:-1] > 1e-4) & (gaps[1:] > 1e-4)
        assert labels[clear].tolist() == want_index[number][real][clear].tolist()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("link", ["sigmoid", "softmax"])
@pytest.mark.parametrize("lexical", [False, True])
@pytest.mark.parametrize("game", [0.0, 0.4])
def test_all_labels(make_ranker, doc_x, bias, link, lexical, game):
    ranker = make_ranker(bias=bias, link=link, lexical=lexical, game=game)
    index = freeze(ranker, shortlist="none")
    for k in (1, 3, 12, 50):
        compare(index, ranker, doc_x, k)


@pytest.mark.parametrize("link", ["sigmoid", "softmax"])
@pytest.mark.parametrize("lexical", [False, True])
@pytest.mark.parametrize(
    ("game", "meta_game", "beam"), [(0.0, 0.0, 6), (0.4, 0.0, 6), (0.4, 0.7, 12), (0.0, 0.7, 2)]
)
@pytest.mark.parametrize("meta_beam", [1, 3])
def test_a_trained_shortlist(make_ranker, doc_x, link, lexical, game, meta_game, beam, meta_beam, monkeypatch):
    """The same labels as the ranker's, some documents with fewer than the beam; ``exact`` makes no difference."""
    options = {"link": link, "lexical": lexical, "game": game, "meta_game": meta_game}
    ranker = make_ranker(shortlist=True, beam=beam, meta_beam=meta_beam, **options)
    index = freeze(ranker)
    assert index.most is None
    for longest in (20_000, 2):  # tokens of more labels than that are counted in another way
        monkeypatch.setattr(token_postings, "LONGEST", longest)
        for k in (1, 3, 12, 50):
            compare(index, ranker, doc_x, k)
            compare(index, ranker, doc_x, k, exact=True)


@pytest.mark.parametrize("game", [0.0, 0.3])
@pytest.mark.parametrize("link", ["sigmoid", "softmax"])
def test_meta_labels_without_labels(make_ranker, doc_x, link, game):
    ranker = make_ranker(shortlist=True, meta_beam=1, link=link, game=game)
    ranker.shortlister.clusters = ClusterIndex(torch.zeros(12, dtype=torch.long), 4)
    index = freeze(ranker)
    compare(index, ranker, doc_x, 5)
    found = [len(index.rank(*row, 5)[0]) for row in rows(doc_x)]
    assert 0 in found and 5 in found


def test_a_trained_shortlist_in_int8(make_ranker, doc_x):
    ranker = make_ranker(shortlist=True, meta_beam=4, link="softmax", lexical=True)
    exact, rounded = freeze(ranker), freeze(ranker, "int8")
    for row in rows(doc_x):
        want, got = np.zeros(12), np.zeros(12)
        for index, score in ((exact, want), (rounded, got)):
            labels, found = index.rank(*row, 12)
            score[labels] = found
        np.testing.assert_allclose(got, want, atol=0.05)


def test_joined(make_ranker, doc_x):
    ranker = join_rankers([make_ranker(seed, link="softmax") for seed in range(3)])
    compare(freeze(ranker), ranker, doc_x, 5)


@pytest.fixture(scope="module")
def large():
    """A ranker of 3,000 labels in groups, whose tokens speak for some of them, and 60 documents."""
    g = torch.Generator().manual_seed(5)

    def normal(*shape):
        return torch.randn(*shape, generator=g)

    groups = normal(60, D)
    weight = 2 + groups.repeat_interleave(L // 60, dim=0) + 0.3 * normal(L, D)
    encoder = DocumentEncoder(normal(V, D), torch.ones(D), 0.2 * normal(D, D), 0.1 * normal(D))
    lexical = torch.rand(V, L, generator=g) * (torch.rand(V, L, generator=g) < 0.05) * 6
    graph = tiny_label_graph(L, 3, 0)
    expansion = Expansion(CSR.from_edge_index(graph.edge_index, graph.edge_weight, (L, L)), 0.0)
    scorer = LexicalScorer(CSR.from_scipy(csr_matrix(lexical.numpy())))
    ranker = LabelRanker(encoder, weight, normal(L), None, expansion, 60, "softmax", scorer)
    dense = torch.rand(60, V, generator=g) * (torch.rand(60, V, generator=g) < 0.15)
    dense[7] = 0
    return ranker, CSR.from_scipy(csr_matrix(dense.numpy()))


@pytest.mark.parametrize(("dtype", "atol"), [("float32", 2e-5), ("float16", 2e-2)])
@pytest.mark.parametrize("link", ["sigmoid", "softmax"])
def test_dtypes(large, dtype, atol, link):
    ranker, doc_x = large
    index = freeze(ranker, dtype, "none")
    index.link = ranker.link = link
    want_index, want = ranker.predict(doc_x, 10)
    ranker.link = "softmax"
    for number, (ids, weights) in enumerate(rows(doc_x)):
        labels, score = index.rank(ids, weights, 10)
        np.testing.assert_allclose(score, want[number], atol=atol)
        assert len(set(labels.tolist()) & set(want_index[number].tolist())) >= 9


def recall(index, ranker, doc_x, k, **options):
    want, _ = ranker.predict(doc_x, k)
    found = [index.rank(ids, weights, k, **options)[0].tolist() for ids, weights in rows(doc_x)]
    return np.mean([len(set(a) & set(b.tolist())) / k for a, b in zip(found, want, strict=True)])


def test_int8(large):
    ranker, doc_x = large
    assert recall(freeze(ranker, "int8", "none"), ranker, doc_x, 10) > 0.93


@pytest.mark.parametrize("shortlist", ["projection", "clusters"])
def test_shortlists(large, shortlist, monkeypatch):
    monkeypatch.setattr(frozen_index, "_LOOKED_AT", 1000)
    ranker, doc_x = large
    index = freeze(ranker, "float32", shortlist, dims=12, candidates=400)
    assert recall(index, ranker, doc_x, 10) > 0.97
    assert recall(index, ranker, doc_x, 10, exact=True) == 1
    compare(index, ranker, doc_x, 10, exact=True)
    # What is found has its exact logit: odds between two labels are the ranker's.
    want_index, want = ranker.predict(doc_x, L)
    for number, (ids, weights) in enumerate(rows(doc_x)):
        labels, score = index.rank(ids, weights, 10)
        by_label = np.empty(L, dtype=np.float32)
        by_label[want_index[number]] = want[number]
        np.testing.assert_allclose(score / score[0], by_label[labels] / by_label[labels[0]], rtol=2e-3)


def test_a_projection_knows_the_probabilities(large):
    ranker, doc_x = large
    _, want = ranker.predict(doc_x, 1)
    index = freeze(ranker, "float32", "projection", dims=20)
    got = np.array([index.rank(ids, weights, 1)[1][0] for ids, weights in rows(doc_x)])
    assert np.abs(got - want[:, 0]).mean() < 0.02


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_a_projection_scores_what_it_finds_as_all_labels_are(large, dtype):
    """The one compiled call, and the loops of a query of all labels: the same scores but for rounding."""
    ranker, doc_x = large
    ranker.link = "sigmoid"  # scores of labels by themselves
    index = freeze(ranker, dtype, "projection", dims=12)
    ranker.link = "softmax"
    for ids, weights in rows(doc_x):
        every, all_scores = index.rank(ids, weights, L, exact=True)
        by_label = np.empty(L, dtype=np.float32)
        by_label[every] = all_scores
        labels, score = index.rank(ids, weights, 50)
        np.testing.assert_allclose(score, by_label[labels], rtol=1e-4)
        assert (np.diff(score) <= 0).all() and len(set(labels.tolist())) == 50


def test_int8_behind_a_projection_loses_little(large):
    ranker, doc_x = large
    index, whole = freeze(ranker, "int8", "projection", dims=20), freeze(ranker, "int8", "none")
    for k in (1, 5):
        assert recall(index, ranker, doc_x, k) > recall(whole, ranker, doc_x, k) - 0.02 > 0.9


def test_tokens_find_labels_that_clusters_miss(large, monkeypatch):
    """Labels whose vectors say nothing, but whose own token does."""
    monkeypatch.setattr(frozen_index, "_LOOKED_AT", 100)
    ranker, _ = large
    table = torch.zeros(V, L)
    table[3, 2000] = 500.0
    scorer = LexicalScorer(CSR.from_scipy(csr_matrix(table.numpy())))
    own = LabelRanker(ranker.encoder, ranker.weight, ranker.bias, link="softmax", lexical=scorer)
    index = freeze(own, "int8", "clusters")
    ids, weights = np.array([3], dtype=np.int32), np.ones(1, dtype=np.float32)
    assert index.rank(ids, weights, 3)[0][0] == 2000
    # A token of too many labels names none, but counts for those that are found.
    monkeypatch.setattr(token_postings, "LONGEST", 0)
    assert 2000 not in index.rank(ids, weights, 3)[0]
    monkeypatch.setattr(frozen_index, "_LOOKED_AT", L)
    index.candidates = L
    assert index.rank(ids, weights, 3)[0][0] == 2000


@pytest.mark.parametrize("shortlist", ["none", "projection", "clusters"])
def test_buffers_are_clean(large, shortlist):
    """An answer does not depend on what was asked before."""
    ranker, doc_x = large
    ranker.expansion.mix = 0.3
    index = freeze(ranker, "int8", shortlist)
    ranker.expansion.mix = 0.0
    first = [index.rank(*row, 7) for row in rows(doc_x)]
    again = [index.rank(*row, 7) for row in reversed(rows(doc_x))][::-1]
    for (a, x), (b, y) in zip(first, again, strict=True):
        assert a.tolist() == b.tolist() and x.tolist() == y.tolist()


@pytest.mark.parametrize("shortlist", ["projection", "clusters"])
def test_more_labels_than_a_shortlist_has(large, shortlist):
    ranker, doc_x = large
    compare(freeze(ranker, "float32", shortlist, candidates=50), ranker, doc_x, 40)
    ids, weights = rows(doc_x)[0]
    assert len(freeze(ranker, "int8", shortlist).rank(ids, weights, 5000)[0]) == L


def test_expansion_after_a_shortlist(large):
    ranker, doc_x = large
    ranker.expansion.mix = 0.5
    index = freeze(ranker, "float32", "projection", dims=20)
    assert recall(index, ranker, doc_x, 10) > 0.97
    compare(index, ranker, doc_x, 10, exact=True)
    ranker.expansion.mix = 0.0


def test_threads(large):
    ranker, doc_x = large
    index = freeze(ranker, "int8", "projection")
    documents = rows(doc_x)
    expected = [index.rank(*row, 5)[0].tolist() for row in documents]
    wrong, start = [], threading.Barrier(8)

    def work(seed):
        order = np.random.default_rng(seed).permutation(len(documents))
        start.wait()
        for _ in range(5):
            wrong.extend(i for i in order if index.rank(*documents[i], 5)[0].tolist() != expected[i])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_mistakes(make_ranker):
    index = freeze(make_ranker(lexical=True))
    parts = (index.encoders, index.labels, index.mean, index.bias)
    with pytest.raises(ValueError, match="expected label vectors of 5 dimensions"):
        FrozenIndex(*parts[:2], torch.zeros(4), index.bias)
    with pytest.raises(ValueError, match="12 biases, got 5"):
        FrozenIndex(*parts[:3], torch.zeros(11))
    with pytest.raises(ValueError, match="expected a link of"):
        FrozenIndex(*parts, link="tanh")
    search = freeze(make_ranker(shortlist=True)).shortlist
    search.encoder.tokens.rows = search.encoder.tokens.rows[:8]
    with pytest.raises(ValueError, match=r"expected a search for \(12, 9\) labels and tokens, got \(12, 8\)"):
        FrozenIndex(*parts, shortlist=search)
    graph = freeze(make_ranker(shortlist=True, meta_game=0.5)).shortlist.expansion
    with pytest.raises(ValueError, match="expected a graph of 12 labels, got 4"):
        FrozenIndex(*parts, expansion=graph)
    index.postings.num_labels = 13
    with pytest.raises(ValueError, match="expected postings of 12 labels, got 13"):
        FrozenIndex(*parts, index.postings)
