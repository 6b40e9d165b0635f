from __future__ import annotations

import pytest
import torch

from xcgraph.data import Vectorizer
from xcgraph.inference import EnsembleRanker, Predictor, load_model, save_model
from xcgraph.sparse import CSR

UIDS = [f"uid{i}" for i in range(12)]
TITLES = [f"title {i}" for i in range(12)]
TEXTS = ["alpha beta", "beta gamma delta", "epsilon zeta", "eta theta iota"]


@pytest.fixture
def model(tmp_path, make_ranker):
    vectorizer = Vectorizer().fit(TEXTS)
    ranker = EnsembleRanker([make_ranker(0), make_ranker(1)])
    save_model(tmp_path / "model", ranker, vectorizer, UIDS, TITLES, {})
    return tmp_path / "model"


def test_names_and_scores(model):
    stored = load_model(model)
    index, score = stored.ranker.rank(CSR.from_scipy(stored.vectorizer.transform(TEXTS)), 5)
    hits = Predictor.load(model).predict(TEXTS, k=5)
    assert len(hits) == 4
    for row, labels, values in zip(hits, index.tolist(), score.tolist(), strict=True):
        assert [(uid, title) for uid, title, _ in row] == [(UIDS[label], TITLES[label]) for label in labels]
        assert [value for *_, value in row] == pytest.approx(values)
        assert all(isinstance(value, float) and 0 <= value <= 1 for *_, value in row)


def test_each_text_by_itself(model):
    predictor = Predictor.load(model)
    together = predictor.predict(TEXTS, k=3)
    for text, row in zip(TEXTS, together, strict=True):
        (alone,) = predictor.predict([text], k=3)
        assert [uid for uid, *_ in alone] == [uid for uid, *_ in row]
        assert [s for *_, s in alone] == pytest.approx([s for *_, s in row])
    assert predictor.predict(tuple(TEXTS), k=3) == together


def test_texts_without_known_tokens(model):
    predictor = Predictor.load(model)
    known, unknown, empty = predictor.predict(["alpha", "no such words", ""], k=12)
    # The same answer for all of them.
    assert [uid for uid, *_ in unknown] == [uid for uid, *_ in empty] and len(unknown) == 12
    assert [s for *_, s in unknown] == pytest.approx([s for *_, s in empty])
    assert [s for *_, s in unknown] != pytest.approx([s for *_, s in known])


def test_no_texts(model):
    assert Predictor.load(model).predict([]) == []


def test_one_string_is_no_list_of_texts(model):
    with pytest.raises(TypeError, match="expected a list of texts, got one string; put it in a list"):
        Predictor.load(model).predict("alpha beta")


@pytest.mark.parametrize("k", [0, -3])
def test_k_must_be_positive(model, k):
    with pytest.raises(ValueError, match=f"'k' must be positive, got {k}"):
        Predictor.load(model).predict(["alpha"], k=k)


def test_k_beyond_the_labels(model):
    (row,) = Predictor.load(model).predict(["alpha"], k=1000)
    assert sorted(uid for uid, *_ in row) == sorted(UIDS)


def test_fewer_labels_than_asked_for(tmp_path, make_ranker):
    ranker = EnsembleRanker([make_ranker(shortlist=True, meta_beam=1)])
    save_model(tmp_path / "model", ranker, Vectorizer().fit(TEXTS), UIDS, TITLES, {})
    for row in Predictor.load(tmp_path / "model").predict(TEXTS, k=12):
        assert 1 <= len(row) <= 5  # one cluster


def test_model_of_ready_made_features(tmp_path, make_ranker):
    save_model(tmp_path / "model", EnsembleRanker([make_ranker()]), None, UIDS, TITLES, {})
    with pytest.raises(ValueError, match="trained on ready-made features: it cannot read texts"):
        Predictor.load(tmp_path / "model")
    with pytest.raises(FileNotFoundError):
        Predictor.load(tmp_path)


def test_the_seed_of_the_caller_does_not_matter(model):
    predictor = Predictor.load(model)
    torch.manual_seed(1)
    first = predictor.predict(TEXTS)
    torch.manual_seed(2)
    assert predictor.predict(TEXTS) == first
