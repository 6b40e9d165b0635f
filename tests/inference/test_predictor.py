from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from xcgraph.data import Vectorizer
from xcgraph.inference import (
    Calibration,
    EnsembleRanker,
    FrozenEnsemble,
    FrozenModel,
    Predictor,
    join_rankers,
    load_model,
    save_model,
)
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


@pytest.fixture
def joined(tmp_path, make_ranker):
    """A model that is one member, which a predictor freezes."""
    ranker = join_rankers([make_ranker(seed, link="softmax", game=0.3) for seed in range(2)])
    ranker.lexical = make_ranker(lexical=True).lexical
    save_model(tmp_path / "joined", EnsembleRanker([ranker]), Vectorizer().fit(TEXTS), UIDS, TITLES, {})
    return tmp_path / "joined"


def test_frozen_in_memory(joined):
    predictor = Predictor.load(joined)
    assert predictor.index is not None
    stored = load_model(joined)
    index, score = stored.ranker.rank(CSR.from_scipy(stored.vectorizer.transform([*TEXTS, ""])), 5)
    for row, labels, values in zip(predictor.predict([*TEXTS, ""]), index.tolist(), score.tolist(), strict=True):
        assert [hit.uid for hit in row] == [UIDS[label] for label in labels]
        assert [hit.score for hit in row] == pytest.approx(values, abs=1e-5)


def test_frozen_on_disk(joined, tmp_path):
    FrozenModel.freeze(load_model(joined)).save(tmp_path / "frozen")
    assert Predictor.load(tmp_path / "frozen").predict(TEXTS) == Predictor.load(joined).predict(TEXTS)


def test_several_members(model, tmp_path):
    predictor = Predictor.load(model)
    assert isinstance(predictor.index, FrozenEnsemble)
    FrozenModel.freeze(load_model(model)).save(tmp_path / "frozen")
    assert Predictor.load(tmp_path / "frozen").predict(TEXTS) == predictor.predict(TEXTS)


@pytest.mark.parametrize("members", [1, 2])
def test_by_the_rankers_themselves(model, make_ranker, members):
    """As on other devices, where no index is made."""
    stored = load_model(model)
    stored.ranker = EnsembleRanker([make_ranker(seed, shortlist=True) for seed in range(members)])
    predictor, torch_predictor = Predictor(stored), Predictor(stored)
    torch_predictor._model = stored  # as it is on a GPU
    for row, expected in zip(torch_predictor.predict([*TEXTS, ""]), predictor.predict([*TEXTS, ""]), strict=True):
        assert [hit.uid for hit in row] == [hit.uid for hit in expected]
        assert [hit.score for hit in row] == pytest.approx([hit.score for hit in expected], abs=1e-5)
    assert torch_predictor.predict([]) == []


@pytest.mark.parametrize("name", ["model", "joined"])
def test_stream(request, name):
    predictor = Predictor.load(request.getfixturevalue(name))
    taken = []

    def texts():
        for text in TEXTS:
            taken.append(text)
            yield text

    answers = predictor.predict_iter(texts(), k=2)
    assert taken == []
    first = next(answers)
    assert taken == TEXTS[:1]  # no text is asked for before it is needed
    uids = [[hit.uid for hit in row] for row in [first, *answers]]
    assert uids == [[hit.uid for hit in row] for row in predictor.predict(TEXTS, k=2)]
    with pytest.raises(TypeError, match="got one string"):
        next(predictor.predict_iter("alpha"))


@pytest.mark.parametrize("name", ["model", "joined"])
def test_threads(request, name):
    predictor = Predictor.load(request.getfixturevalue(name))
    texts = [f"{a} {b}" for a in ("alpha", "beta", "zeta", "iota", "") for b in ("eta", "gamma", "unknown")]
    expected = [predictor.predict([text], 4) for text in texts] * 10
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: predictor.predict([text], 4), texts * 10)) == expected


WEIRD = {
    "long": "alpha beta " * 100_000,
    "one long word": "x" * 1_000_000,
    "control characters": "alpha\x00\x1b[31m\x7f\u202ebeta",
    "lone surrogates": "alpha \ud800 beta \udfff",
    "emoji": "alpha 👩‍👩‍👧 beta",
    "combining": "alpha " + "e" + "\u0301" * 1000 + " beta",
}


@pytest.mark.parametrize("text", WEIRD.values(), ids=WEIRD.keys())
@pytest.mark.parametrize("name", ["model", "joined"])
def test_weird_texts(request, name, text):
    predictor = Predictor.load(request.getfixturevalue(name))
    plain = "alpha beta" if "alpha" in text else ""
    got, expected = predictor.predict([text, plain], 12)
    assert [hit.uid for hit in got] == [hit.uid for hit in expected]
    assert [hit.score for hit in got] == pytest.approx([hit.score for hit in expected], abs=1e-5)


@pytest.mark.parametrize("text", [None, 3, b"alpha"])
def test_what_is_no_text(model, text):
    with pytest.raises(TypeError, match=f"expected texts to be strings, got {type(text).__name__}"):
        Predictor.load(model).predict(["alpha", text])


def test_damage_is_told(joined):
    path = joined / "labels.json"
    path.write_text(path.read_text().replace("title 3", "title X"))
    with pytest.raises(ValueError, match="checksum"):
        Predictor.load(joined)
    Predictor.load(joined, verify=False)


def test_the_seed_of_the_caller_does_not_matter(model):
    predictor = Predictor.load(model)
    torch.manual_seed(1)
    first = predictor.predict(TEXTS)
    torch.manual_seed(2)
    assert predictor.predict(TEXTS) == first


def test_explain(train):
    predictor = Predictor(train())
    text = predictor.label_titles[2]
    found = predictor.explain(text, 3)
    assert [(e.uid, e.title, e.score) for e in found] == [tuple(hit) for hit in predictor.predict([text], 3)[0]]
    with pytest.raises(TypeError, match="expected a text, got list"):
        predictor.explain([text])
    with pytest.raises(ValueError, match="'k' must be positive, got 0"):
        predictor.explain(text, 0)


def test_explain_needs_one_table(model, make_ranker):
    several = Predictor.load(model)
    stored = replace(load_model(model), ranker=EnsembleRanker([make_ranker(shortlist=True)]))
    for predictor, reason in ((several, "averages several members"), (Predictor(stored), "shortlist of its own")):
        for use in (
            lambda predictor: predictor.explain("alpha"),
            lambda predictor: predictor.add_labels(["alpha"]),
            lambda predictor: predictor.remove_labels(["uid3"]),
        ):
            with pytest.raises(ValueError, match=f"{reason}: it can neither be explained nor get other labels"):
                use(predictor)
        predictor.rename_label("uid3", "another")
        assert predictor.label_titles[3] == "another"


def test_labels_come_and_go(train, tmp_path):
    predictor = Predictor(train())
    title = predictor.label_titles[2]
    predictor.add_labels([title], ["twin"])
    assert "twin" in [hit.uid for hit in predictor.predict([title], 5)[0]]
    assert "twin" in [e.uid for e in predictor.explain(title, 5)]
    predictor.rename_label("twin", "Twin")
    assert ("twin", "Twin") in [hit[:2] for hit in predictor.predict([title], 5)[0]]
    predictor.save(tmp_path / "with")
    predictor.remove_labels(["twin", "label-2"])
    uids = [hit.uid for hit in predictor.predict([title], 20)[0]]
    assert len(uids) == 11 and not {"twin", "label-2"} & set(uids)
    assert ("twin", "Twin") in [hit[:2] for hit in Predictor.load(tmp_path / "with").predict([title], 5)[0]]
    assert "twin" not in Predictor(train()).label_uids


def test_queries_while_labels_change(train):
    """Every answer is of one state of the model: names and scores that belong together."""
    predictor = Predictor(train())
    title = predictor.label_titles[2]
    fixed = dict(zip(predictor.label_uids, predictor.label_titles, strict=True))
    stop = threading.Event()
    seen: list[set[str]] = []

    def ask():
        while not stop.is_set():
            (row,) = predictor.predict([title], 30)
            seen.append({hit.uid for hit in row})
            for hit in row:
                assert hit.title == ("twin!" if hit.uid == "twin" else fixed[hit.uid])
            assert len({hit.uid for hit in row}) == len(row)
            predictor.explain(title, 2)

    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(ask) for _ in range(2)]
        try:
            for _ in range(10):
                predictor.remove_labels(["label-0"])
                predictor.add_labels(["twin!"], ["twin"], [["label-2"]])
                predictor.remove_labels(["twin"])
                predictor.add_labels([fixed["label-0"]], ["label-0"])
        finally:
            stop.set()
        for future in asked:
            future.result()
    assert seen and all(11 <= len(row) <= 12 for row in seen)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("name", ["model", "joined"])
def test_calibrated(request, tmp_path, name, frozen):
    """The same labels in the same order, with probabilities of the map; frozen folders carry it along."""
    folder = request.getfixturevalue(name)
    plain = Predictor.load(folder).predict([*TEXTS, ""], 6)
    assert Predictor.load(folder).calibration is None
    calibration = Calibration(-0.5, [-20.0, -2.0, 20.0], [-5.0, -1.0, 3.0])
    stored = load_model(folder)
    config = {"calibration": calibration.as_config()}
    save_model(folder, stored.ranker, stored.vectorizer, UIDS, TITLES, config)
    if frozen:
        FrozenModel.freeze(load_model(folder)).save(tmp_path / "frozen")
        folder = tmp_path / "frozen"
    for row, before in zip(Predictor.load(folder).predict([*TEXTS, ""], 6), plain, strict=True):
        assert [hit.uid for hit in row] == [hit.uid for hit in before]
        expected = calibration(np.array([hit.score for hit in before]))
        assert [hit.score for hit in row] == pytest.approx(expected.tolist(), abs=1e-5)
        assert all(type(hit.score) is float for hit in row)


@pytest.mark.parametrize("name", ["model", "joined"])
def test_what_is_no_calibration(request, name):
    folder = request.getfixturevalue(name)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "calibration": {"log_odds": [0.0], "calibrated": ["x"], "rank": 0}}))
    with pytest.raises(ValueError, match=r"cannot be read as a model: expected 'calibrated' of a calibration"):
        Predictor.load(folder)
