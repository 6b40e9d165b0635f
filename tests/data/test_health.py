from __future__ import annotations

import numpy as np
import pytest

from xcgraph.data import LFDataset, examine_folder, related_pairs, write_filter_pairs
from xcgraph.data.health import ADVICE
from xcgraph.metrics import Evaluator


def document(uid, title, *labels, **fields):
    return {"uid": uid, "title": title, "target_ind": list(labels), **fields}


def label(uid, title, **fields):
    return {"uid": uid, "title": title, **fields}


def findings(folder):
    health = examine_folder(folder)[1]
    assert all(finding.advice and finding.count >= len(finding.places) > 0 for finding in health.findings)
    return {finding.what: (finding.count, finding.places) for finding in health.findings}


def test_sound_folder(raw):
    health = examine_folder(raw())[1]
    assert health.findings == []
    assert (health.train, health.test, health.labels) == (3, 2, 3)
    assert health.labels_per_document == {
        "train": {"mean": pytest.approx(4 / 3), "median": 1, "max": 2},
        "test": {"mean": 1.5, "median": 1.5, "max": 2},
    }
    assert health.filter_pairs == {"train": 0, "test": 0}


def test_equal_texts(raw):
    folder = raw(
        lbl=[label("a", "One label"), label("b", "two"), label("c", "one  LABEL"), label("d", "")],
        trn=[document("0", "x y", 0), document("1", ""), document("2", "X", 1, content="y"), document("3", "x", 2),
             document("4", "", 3), document("5", " ", 3), document("6", "x\ty", 0)],
        tst=[document("7", "new", 0), document("8", "x  y", 1), document("9", "new", 0), document("10", "", 0)],
    )  # fmt: skip
    found = findings(folder)
    assert found["training documents have the text of an earlier one"] == (2, ("trn.json:3", "trn.json:7"))
    assert found["test documents have the text of an earlier one"] == (1, ("tst.json:3",))
    assert found["labels have the text of an earlier one"] == (1, ("lbl.json:3",))
    assert found["test documents have the text of a training document"] == (1, ("tst.json:2",))
    assert found["documents without labels are left out"] == (1, ("trn.json:2",))
    assert found["labels without text"] == (1, ("lbl.json:4",))
    # Of each file.
    health = examine_folder(folder)[1]
    without = [(f.count, f.places) for f in health.findings if f.what == "documents without text"]
    assert without == [(3, ("trn.json:2",)), (1, ("tst.json:4",))]


def test_labels_without_training_documents(raw):
    folder = raw(
        lbl=[label(uid, uid) for uid in "abcd"], trn=[document("0", "x", 0)], tst=[document("1", "y", 0, 2)]
    )
    assert findings(folder) == {
        "labels have no document": (2, ("lbl.json:2",)),
        "labels are seen only in test": (1, ("lbl.json:3",)),
    }


LABELS = [label("a", "A"), label("b", "B"), label("x", "X")]
TRAIN = [document("a", "one", 1, 2), document("other", "two", 0, 1), document("x", "three", 0)]
TEST = [document("q", "four", 2), document("b", "five", 0, 1)]
OWN_TRAIN = "training documents are labels too, and not filtered"
OWN_TEST = "test documents are labels too, and not filtered"
MIRRORED = "pairs of a test document and a label whose own training document names it, not filtered"


def test_documents_that_are_labels(raw):
    folder = raw(lbl=LABELS, trn=TRAIN, tst=TEST)
    assert findings(folder) == {
        OWN_TRAIN: (2, ("trn.json:1", "trn.json:3")),
        OWN_TEST: (1, ("tst.json:2",)),
        MIRRORED: (1, ("tst.json:2",)),
    }
    # What the advice says is what clears them.
    data = LFDataset.load(folder)
    train, test = related_pairs(data.train_y, data.train_uids, data.test_uids, data.label_uids)
    assert test.tolist() == [[1, 0], [1, 1]]
    write_filter_pairs(folder / "filter_labels_test.txt", test[1:])
    assert set(findings(folder)) == {OWN_TRAIN, MIRRORED}
    write_filter_pairs(folder / "filter_labels_test.txt", test)
    write_filter_pairs(folder / "filter_labels_train.txt", train)
    assert findings(folder) == {}
    assert examine_folder(folder)[1].filter_pairs == {"train": 2, "test": 2}


def test_deciles_are_those_of_the_metrics(raw):
    rng = np.random.default_rng(0)
    labels = [label(str(i), f"l{i}") for i in range(23)]
    lists = [
        rng.choice(23, rng.integers(1, 6), replace=False, p=np.arange(1, 24) / 276).tolist() for _ in range(80)
    ]
    documents = [document(f"d{i}", f"t{i}", *targets) for i, targets in enumerate(lists)]
    folder = raw(lbl=labels, trn=documents[:60], tst=documents[60:])
    data = LFDataset.load(folder)
    expected = Evaluator(data.train_y, data.propensity).per_decile(data.test_y, data.test_y)
    deciles = examine_folder(folder)[1].deciles
    assert len(deciles) == 10
    assert deciles == [{key: row[key] for key in deciles[0]} for row in expected]


def test_sparse_folders(sparse):
    folder = sparse(trn_X_Xf="3 4\n0:3 1:4\n0:6 1:8\n\n", tst_X_Xf="2 4\n0:3 1:4\n3:0.5\n", Yf="2 4\n2:1\n2:2\n")
    found = findings(folder)
    assert found["training documents have the features of an earlier one"] == (1, ("trn_X_Xf.txt:3",))
    assert found["test documents have the features of a training document"] == (1, ("tst_X_Xf.txt:2",))
    assert found["labels have the features of an earlier one"] == (1, ("Yf.txt:3",))
    assert found["documents without features"] == (1, ("trn_X_Xf.txt:4",))


def test_joint_folder(tmp_path):
    (tmp_path / "train.txt").write_text("2 3 2\n0 0:1\n1 0:2\n")
    (tmp_path / "test.txt").write_text("1 3 2\n0 1:1\n")
    (tmp_path / "Yf.txt").write_text("2 3\n0:1\n1:1\n")
    assert findings(tmp_path) == {"training documents have the features of an earlier one": (1, ("train.txt:3",))}


def test_what_cannot_be_read_has_no_health(raw, sparse, tmp_path):
    for folder in (
        raw("one", lbl=None), raw("two", trn=None), raw("three", tst=""), sparse("four", Yf=None),
        tmp_path / "none", sparse("five", trn_X_Y="3 5\n0:1\n1:1\n0:1\n"),
    ):  # fmt: skip
        problems, health = examine_folder(folder)
        assert health is None and any(problem.severity == "error" for problem in problems)


def test_broken_lines_do_not_move_the_places(raw):
    folder = raw(trn=[document("0", "x", 0), "not json", document("2", "x", 1), document("3", "y", 2)])
    problems, health = examine_folder(folder)
    assert [problem.line for problem in problems] == [2]
    assert [(f.what, f.places) for f in health.findings] == [
        ("training documents have the text of an earlier one", ("trn.json:3",))
    ]


def test_every_warning_has_advice(raw, sparse):
    everything = raw(
        lbl=[label("a", "A"), label("b", ""), label("c", "C"), label("d", "D")],
        trn=[document("0", "x", 0, 0), document("0", "y", 1), document("2", "z"), document("3", "", 0),
             document("4", "w", 0, 1, target_rel=[1, 0])],
        tst=[document("0", "v", 2), document("6", "u")],
    )  # fmt: skip
    sparse_one = sparse(
        "sparse", trn_X_Xf="3 4\n1:1 0:1\n\n0:1 3:1\n", trn_X_Y="3 2\n0:1\n0:1\n0:1 1:0\n", Yf="2 4\n0:1\n\n"
    )
    found = [finding for folder in (everything, sparse_one) for finding in examine_folder(folder)[1].findings]
    assert {finding.what for finding in found} == set(ADVICE)
    assert all(finding.advice == ADVICE[finding.what] for finding in found)
