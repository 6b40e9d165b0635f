from __future__ import annotations

import copy
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from xcgraph.inference import (
    DecisionTrees,
    EnsembleRanker,
    Explainer,
    FrozenModel,
    LabelRanker,
    Predictor,
    Reranker,
    Reranking,
    add_labels,
    describe_labels,
    load_model,
    remove_labels,
    save_model,
)
from xcgraph.inference.label_parts import PARTS_FILES
from xcgraph.inference.model_folder import StoredModel
from xcgraph.sparse import CSR

TEXTS = ["waa wab way wad waz wbc", "wad", "wae wba wbb", "wbd waf wag wah", ""]
LOG_COUNT, OF_LINEAR = 2, 9  # columns


def stump(column: int, threshold: float, below: float, above: float) -> DecisionTrees:
    return DecisionTrees(
        torch.tensor([column, -1, -1], dtype=torch.int32),
        torch.tensor([threshold, 0.0, 0.0], dtype=torch.float64),
        torch.tensor([1, 0, 0], dtype=torch.int32),
        torch.tensor([2, 0, 0], dtype=torch.int32),
        torch.tensor([0.0, below, above], dtype=torch.float64),
        torch.tensor([0], dtype=torch.int32),
    )


def with_reranker(model: StoredModel, trees: DecisionTrees, mix: float, depth: int = 5) -> StoredModel:
    """A copy of a model whose best labels are ordered anew."""
    member = copy.copy(model.ranker.members[0])
    count = torch.arange(member.weight.size(0))
    learned = Reranking(trees, mix, count, tuple(member.parts.weights), depth)
    member.reranker = learned.bind(member.parts)
    return replace(model, ranker=EnsembleRanker([member]))


@pytest.fixture
def model(train) -> StoredModel:
    """Labels of odd evidence first: those whose linear part is small, then by the logit."""
    return with_reranker(train("eclare"), stump(OF_LINEAR, 0.3, 3.0, 0.0), 0.1)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_describe_labels(size):
    rng = np.random.default_rng(size)
    sources = rng.normal(size=(3, size))
    logit = np.sort(sources.sum(axis=0))[::-1].copy()
    count = rng.integers(0, 9, size)

    def softmax(x):
        return np.exp(x) / np.exp(x).sum()

    columns = [logit, logit - logit.max(), np.log1p(count), softmax(logit), softmax(sources[0])]
    for source in sources:
        best, second = np.sort(source)[::-1][[0, min(1, size - 1)]]
        columns += [source, np.full(size, best), source - best, source - second]
    np.testing.assert_allclose(describe_labels(logit, sources, count), np.stack(columns, axis=1), rtol=1e-12)


def test_sources_are_the_parts_and_what_is_left(model, monkeypatch):
    member = model.ranker.members[0]
    x = CSR.from_scipy(model.vectorizer.transform(TEXTS[:1]))
    plain = copy.copy(member)
    plain.reranker = None
    logit = torch.nn.functional.linear(member.encoder(x), member.weight, member.bias)
    logit = member.lexical.add_(logit, x)[0].detach().numpy()
    labels = np.argsort(-logit)[:5]
    seen = []
    monkeypatch.setattr(
        "xcgraph.inference.reranker.describe_labels", lambda *a: seen.append(a) or describe_labels(*a)
    )
    ids, weights = model.vectorizer.encode(TEXTS[0])
    member.reranker.order(ids, weights, labels, logit[labels])
    ((total, sources, count),) = seen
    np.testing.assert_allclose(total, logit[labels])
    assert count.tolist() == labels.tolist()
    dense = x.to_scipy().toarray()[0]
    for source, name in zip(sources[1:], member.parts.weights, strict=True):
        expected = member.parts.lexical[name].to_scipy().toarray()[labels] @ dense
        np.testing.assert_allclose(source, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(sources.sum(axis=0), logit[labels], rtol=1e-6)


@pytest.mark.parametrize("depth", [1, 2, 5, 99])
def test_the_best_labels_change_places_and_ranks_keep_their_probabilities(train, depth):
    model = train("eclare")
    x = CSR.from_scipy(model.vectorizer.transform(TEXTS))
    before, scores = model.ranker.predict(x, 12)
    # Frequent labels first, whatever the logit; the count of a label is its number here.
    trees = stump(LOG_COUNT, np.log1p(1.5), 0.0, 1.0)
    after, kept = with_reranker(model, trees, 0.0, depth).ranker.predict(x, 12)
    assert np.array_equal(scores, kept)
    for old, new in zip(before.tolist(), after.tolist(), strict=True):
        first, rest = old[:depth], old[depth:]
        assert new == sorted(first, key=lambda label: label <= 1) + rest
    assert (before != after).any() == (depth > 1)


@pytest.mark.parametrize("k", [1, 3, 12])
@pytest.mark.parametrize(
    "case", [(), ("loss=bce",), ("fusion=false", "game=0.4"), ("fuse_text=false",)], ids=" ".join
)
def test_frozen_indexes_order_labels_as_rankers_do(train, case, k):
    model = train("eclare", *case)
    column = OF_LINEAR if "fusion=false" not in case else 5
    some = with_reranker(model, stump(column, 0.3, 2.0, 0.0), 0.1)
    x = CSR.from_scipy(some.vectorizer.transform(TEXTS))
    expected, scores = some.ranker.predict(x, k)
    assert not np.array_equal(expected, model.ranker.predict(x, k)[0]) or k == 1
    index = FrozenModel.freeze(some).index
    for text, labels, score in zip(TEXTS, expected, scores, strict=True):
        found, values = index.rank(*some.vectorizer.encode(text), k)
        assert found.tolist() == labels.tolist()
        np.testing.assert_allclose(values, score, rtol=1e-4)


def test_answers_do_not_depend_on_how_many_are_asked_for(model):
    predictor = Predictor(FrozenModel.freeze(model))
    for text in TEXTS:
        all_of_them = predictor.predict([text], 12)[0]
        for k in (1, 2, 6):
            assert predictor.predict([text], k)[0] == all_of_them[:k]


def test_threads_do_not_disturb_one_another(model):
    predictor = Predictor(FrozenModel.freeze(model))
    expected = [predictor.predict([text], 5) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: predictor.predict([TEXTS[i % 5]], 5), range(200)))
    assert found == [expected[i % 5] for i in range(200)]


@pytest.mark.parametrize("explain", [True, False])
def test_model_folders_keep_the_order(model, tmp_path, explain):
    save_model(tmp_path / "model", model.ranker, model.vectorizer, model.label_uids, model.label_titles, {})
    expected = Predictor(model).predict(TEXTS, 12)
    stored = load_model(tmp_path / "model")
    reranker = stored.ranker.members[0].reranker
    assert reranker.learned.mix == 0.1 and reranker.depth == 5
    assert Predictor(stored).predict(TEXTS, 12) == expected
    FrozenModel.freeze(stored, explain=explain).save(tmp_path / "frozen")
    frozen = FrozenModel.load(tmp_path / "frozen")
    assert Predictor(frozen).predict(TEXTS, 12) == expected
    assert frozen.parts.complete == explain


def test_frozen_without_small_weights_or_without_the_order(model, train, tmp_path):
    frozen = FrozenModel.freeze(model, min_weight=0.2, explain=False)
    small = frozen.index.reranker
    assert all((np.abs(value) >= 0.2).all() for *_, value in small._tables)
    frozen.save(tmp_path / "small")
    assert Predictor(FrozenModel.load(tmp_path / "small")).predict(TEXTS, 12) == Predictor(frozen).predict(
        TEXTS, 12
    )
    plain = FrozenModel.freeze(model, rerank=False, explain=False)
    assert plain.index.reranker is None and plain.parts.lexical is None
    assert Predictor(plain).predict(TEXTS, 12) == Predictor(train("eclare")).predict(TEXTS, 12)


def test_a_folder_that_lost_its_parts(model, tmp_path):
    folder = tmp_path / "model"
    save_model(folder, model.ranker, model.vectorizer, model.label_uids, model.label_titles, {})
    config = json.loads((folder / "config.json").read_text())
    for name in PARTS_FILES:
        (folder / name).unlink()
        del config["files"][name]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="ordered by the parts of their scores, which are missing"):
        load_model(folder)


def test_explanations_say_what_the_order_adds(model):
    frozen = FrozenModel.freeze(model)
    plain = frozen.index.replace(reranker=None)
    moved = 0
    for text in TEXTS[:3]:
        ids, weights = model.vectorizer.encode(text)
        own = dict(zip(*(part.tolist() for part in plain.rank(ids, weights, 12)), strict=True))
        for e in Explainer(frozen).explain(text, 7):
            label = model.label_uids.index(e.uid)
            assert e.probability == pytest.approx(own[label] * math.exp(e.reranked), rel=1e-4)
            assert sum(e.parts.values()) == pytest.approx(e.logit, abs=1e-4)
            assert e.as_dict()["reranked"] == e.reranked
            moved += e.reranked != 0
    assert moved > 3
    assert all(e.reranked == 0 for e in Explainer(FrozenModel.freeze(model_without(model))).explain(TEXTS[0], 5))


def model_without(model: StoredModel) -> StoredModel:
    member = copy.copy(model.ranker.members[0])
    member.reranker = None
    return replace(model, ranker=EnsembleRanker([member]))


def test_labels_that_come_and_go(model):
    frozen = FrozenModel.freeze(model)
    uid = model.label_uids[3]
    fewer = remove_labels(frozen, [uid])
    assert fewer.index.reranker.learned.count.tolist() == [0, 1, 2, *range(4, 12)]
    more = add_labels(fewer, ["waa wab", "wad"], ["new", "newer"])
    assert more.index.reranker.learned.count.tolist()[-2:] == [1, 1]
    for edited in (fewer, more):
        plain = edited.index.replace(reranker=None)
        rows = edited.parts.rows.numpy()
        for text in TEXTS:
            ids, weights = model.vectorizer.encode(text)
            labels, _ = plain.rank(ids, weights, 5)
            linear = edited.parts.lexical["linear"].to_scipy().toarray()[rows[labels]]
            x = model.vectorizer.transform([text]).toarray()[0]
            # The logits themselves, to the ten-thousandth, from probabilities of a softmax.
            score = 3.0 * (linear @ x <= 0.3) + 0.1 * np.log(plain.rank(ids, weights, 5)[1])
            found = edited.index.rank(ids, weights, 5)[0]
            assert found.tolist() == labels[np.argsort(-score, kind="stable")].tolist()


def test_what_does_not_fit(model, make_ranker):
    member = model.ranker.members[0]
    learned, tables = member.reranker.learned, member.parts.lexical
    with pytest.raises(ValueError, match="ordered by centroid too, which the model lacks"):
        Reranker(learned, {name: table for name, table in tables.items() if name != "centroid"})
    with pytest.raises(ValueError, match="expected rows of 12 labels, got 11"):
        Reranker(learned, tables, torch.arange(11))
    with pytest.raises(ValueError, match="expected rows of 13 labels"):
        Reranker(learned.with_count(torch.ones(13)), tables)
    with pytest.raises(ValueError, match="expected an order of 12 labels by"):
        member.reranker.with_learned(learned.with_count(torch.ones(3)))
    far = tables["linear"]
    wrong = CSR(far.rowptr, far.col + far.shape[1], far.value, far.shape)
    with pytest.raises(ValueError, match="expected a sparse matrix of"):
        Reranker(learned, {**tables, "linear": wrong})
    with pytest.raises(ValueError, match="expected trees that look at 9 columns, got 10"):
        Reranking(learned.trees, 0.0, learned.count, ())
    with pytest.raises(ValueError, match="'depth' must be positive, got 0"):
        Reranking(learned.trees, 0.0, learned.count, learned.sources, 0)
    index = FrozenModel.freeze(model).index
    with pytest.raises(ValueError, match="expected an order of 12 labels, got one of 3"):
        index.replace(reranker=Reranker(learned.with_count(torch.ones(3)), tables, torch.arange(3)))
    shortlists = make_ranker(shortlist=True)
    with pytest.raises(ValueError, match="only rankers that score all labels"):
        LabelRanker(shortlists.encoder, shortlists.weight, None, shortlists.shortlister, reranker=member.reranker)
