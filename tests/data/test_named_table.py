from __future__ import annotations

import json

import pytest

from xcgraph.data import DataError, Label, NamedDocument, TableLayout
from xcgraph.data.named_table import read_named_documents, read_named_labels

LAYOUT = TableLayout(content="body", uid="id", group="author", split="side")
ROW = {"id": " a ", "title": "T", "body": "B", "labels": "x; y;;", "author": 7, "side": " Test "}
LABELS = TableLayout(content="about", uid="uid", labels=None)


@pytest.fixture
def table(tmp_path):
    def write(*rows):
        path = tmp_path / "t.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


def test_documents(table):
    path = table(ROW, {**ROW, "labels": ["p; q", 3, None, " "], "body": None, "side": "dev"})
    assert list(read_named_documents(path, LAYOUT)) == [
        NamedDocument("T", "B", ["x", "y"], "a", "7", "test", str(path), 1),
        NamedDocument("T", "", ["p; q", "3"], "a", "7", "train", str(path), 2),
    ]
    (document, _) = read_named_documents(path, TableLayout(labels="author"), "test")
    assert document == NamedDocument("T", "", ["7"], None, "", "test", str(path), 1)


def test_labels(table):
    path = table({"uid": 5, "title": "five"}, {"uid": " b", "title": None, "about": "long"})
    assert list(read_named_labels(path, LABELS)) == [Label("5", "five"), Label("b", "", "long")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": 1.5}, "expected text, got 1.5; write it as text, or choose another 'title'"),
        ({"title": True}, "expected text, got True"),
        ({"body": ["a"]}, "choose another 'content'"),
        ({"labels": [["x"]]}, "choose another 'labels'"),
        ({"labels": {"x": 1}}, "choose another 'labels'"),
        ({"id": ""}, "expected the name of a document, got an empty cell; fill it, or do without 'uid'"),
        ({"id": None}, "expected the name of a document"),
        ({"side": "third"}, "got 'third'; change it, or choose another 'split'"),
        ({"side": None}, "expected one of train, "),
    ],
)
def test_wrong_cells(table, change, message):
    path = table(ROW, {**ROW, **change})
    with pytest.raises(DataError) as error:
        list(read_named_documents(path, LAYOUT))
    assert str(error.value).startswith(f"{path}:2: ") and message in str(error.value)


@pytest.mark.parametrize(
    ("uid", "message"),
    [
        (" ", "expected the name of a label, got an empty cell"),
        ("a ", "expected a new label, got 'a' of line 1 again"),
    ],
)
def test_wrong_labels(table, uid, message):
    path = table({"uid": "a", "title": "x", "about": ""}, {"uid": uid, "title": "y", "about": ""})
    with pytest.raises(DataError) as error:
        list(read_named_labels(path, LABELS))
    assert str(error.value).startswith(f"{path}:2: ") and message in str(error.value)
