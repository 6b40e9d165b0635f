from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.sparse import load_npz

from xcgraph.inference import Predictor
from xcgraph.report import RunGroup, chosen_rows, document_table

FILTERED = (3, 3)


@pytest.mark.parametrize(
    ("num", "count", "rows"), [(5, 10, [0, 1, 2, 3, 4]), (9, 3, [0, 4, 8]), (4, 1, [0]), (3, 0, []), (0, 5, [])]
)
def test_chosen_rows(num, count, rows):
    assert chosen_rows(num, count) == rows


def test_many_rows_are_as_many_as_asked_for():
    for num in (500, 501, 7734, 970_237):
        assert len(chosen_rows(num, 500)) == 500 and chosen_rows(num, 500)[-1] == num - 1


@pytest.fixture
def shown(group):
    return document_table(group, list(range(25)))


def test_labels_of_documents_without_filtered_pairs(shown, group):
    for row, document in enumerate(shown["documents"]):
        own = [shown["labels"][place][0] for place in document["labels"]]
        expected = {group.data.label_uids[label] for label in group.data.test_y[row].indices}
        assert set(own) == expected - ({"l3"} if row == FILTERED[0] else set())
        assert (document["uid"], document["text"]) == (f"tst{row}", group.texts[row])
    frequency = group.data.train_y.getnnz(axis=0)
    for uid, title, count in shown["labels"]:
        label = group.data.label_uids.index(uid)
        assert (title, count) == (group.data.label_titles[label], frequency[label])


def test_what_runs_found(shown, group, runs):
    for told, path in zip(shown["runs"], runs.values(), strict=True):
        scores = load_npz(path / "predictions.npz").toarray()
        for row, found in enumerate(told["found"]):
            order = np.argsort(-scores[row], kind="stable")
            assert [shown["labels"][place][0] for place, _ in found] == [f"l{label}" for label in order[:5]]
            assert [score for _, score in found] == pytest.approx(scores[row][order[:5]], rel=0.005)
            ranks = {f"l{label}": rank for rank, label in enumerate(order, 1) if scores[row][label] > 0}
            own = [shown["labels"][place][0] for place in shown["documents"][row]["labels"]]
            assert told["ranks"][row] == [ranks.get(uid, 0) for uid in own]
    assert FILTERED[1] not in [
        int(shown["labels"][place][0][1:]) for place, _ in shown["runs"][0]["found"][FILTERED[0]]
    ]


def test_reasons_add_up_and_are_those_of_predict(shown, group, runs):
    predictor = Predictor.load(runs["eclare"] / "model")
    for row, whys in enumerate(shown["runs"][0]["why"]):
        told = {each.uid: each for each in predictor.explain(group.texts[row], 12)}
        for why, (place, _) in zip(whys, shown["runs"][0]["found"][row], strict=True):
            expected = told[shown["labels"][place][0]]
            assert sum(why["parts"].values()) == pytest.approx(why["logit"], abs=2e-3)
            assert why["parts"] == pytest.approx(expected.parts, abs=1e-3)
            assert dict(why["tokens"]) == pytest.approx(dict(expected.tokens), abs=1e-3)
            assert [shown["labels"][other][0] for other, _ in why["neighbours"]] == [
                share.uid for share in expected.neighbours
            ]
    assert {"text", "graph", "refinement"} <= set(shown["runs"][0]["why"][0][0]["parts"])
    assert "graph" not in shown["runs"][1]["why"][0][0]["parts"]  # DECAF
    json.dumps(shown, allow_nan=False)


def test_what_cannot_be_explained_says_why(group):
    group.runs[0].model.ranker.members[0].parts = None
    first, second = document_table(group, [0])["runs"]
    assert "train it again" in first["unexplained"] and first["why"] == []
    assert second["unexplained"] == "" and second["why"][0][0]


def test_features_without_texts(group):
    shown = document_table(RunGroup(group.runs, data=group.data), [0, 24])
    assert [document["text"] for document in shown["documents"]] == [None, None]
    assert shown["runs"][0]["unexplained"] == "this data set holds features, not texts"
    assert len(shown["runs"][0]["found"]) == 2


def test_long_texts_are_cut(group):
    group.texts[0] = "word1 " * 500
    text = document_table(group, [0])["documents"][0]["text"]
    assert len(text) == 601 and text.endswith("…")
