from __future__ import annotations

import logging

import numpy as np
import pytest

from xcgraph.data import DataError, DocumentCollector, Label, NamedDocument

TEXTS = [f"text number {number}" for number in range(60)]


def collect(documents, **options):
    collector = DocumentCollector(**options)
    for document in documents:
        collector.add(document)
    return collector, collector.finish()


def plain(text, *labels, **options):
    return NamedDocument(text, "", labels, **options)


def names(collector, kept):
    """uid -> names of its labels."""
    rows = np.split(kept.y.indices, kept.y.indptr[1:-1])
    return {uid: [collector.labels[i].uid for i in row] for uid, row in zip(kept.uids, rows, strict=True)}


def test_sides_that_are_given():
    documents = [
        plain("a", "x", split="test"),
        plain("b", "y", "x", "y", split="train"),
        plain("a", "x", split="train"),
    ]
    collector, splits = collect(documents)
    assert collector.labels == [Label("x", "x"), Label("y", "y")]
    assert names(collector, splits["train"]) == {"row-1": ["x", "y"], "row-2": ["x"]}
    assert names(collector, splits["test"]) == {"row-0": ["x"]}
    assert splits["train"].rows.tolist() == [1, 2] and splits["train"].y.dtype == np.float32
    assert splits["train"].y.data.tolist() == [1, 1, 1]


def test_the_same_text_is_on_one_side_whatever_the_rest():
    _, splits = collect([plain(text, "x") for text in TEXTS], test_fraction=0.3)
    test = set(splits["test"].rows.tolist())
    assert 5 < len(test) < 35
    again = [plain("new", "y")] + [NamedDocument(*text.upper().split(" ", 1), ["z"]) for text in reversed(TEXTS)]
    _, other = collect(again, test_fraction=0.3)
    assert {60 - row for row in other["test"].rows.tolist() if row} == test
    _, other = collect([plain(text, "x") for text in TEXTS], test_fraction=0.3, seed=1)
    assert set(other["test"].rows.tolist()) != test


def test_groups_decide_before_texts():
    documents = [plain(text, "x", group=f"g{i % 12}") for i, text in enumerate(TEXTS)]
    _, splits = collect(documents, test_fraction=0.4)
    sides = [{row % 12 for row in splits[split].rows.tolist()} for split in ("train", "test")]
    assert all(sides) and not sides[0] & sides[1]


def test_rows_left_out_are_counted():
    documents = [plain("a", "x", split="train"), plain(" ", "x"), plain("c"), plain("d", "x", split="test")]
    collector, splits = collect([*documents, NamedDocument("", "content", ["x"], split="train")])
    report = collector.report(splits)
    assert (report.train, report.test, report.labels, report.train_pairs, report.test_pairs) == (2, 1, 1, 2, 1)
    assert {k: v for k, v in report.dropped.items() if v} == {
        "documents without text": 1,
        "documents without labels": 1,
    }


def test_unlisted_labels():
    documents = [plain("a", "x", "new", split="train"), plain("b", "new", split="train", path="f.csv", line=3)]
    documents.append(plain("c", "x", split="test"))
    listed = [Label("never", "never"), Label("x", "the letter x")]
    with pytest.raises(DataError, match=r"^expected a label that has a text, got 'new'; .*'unlisted'"):
        collect(documents, labels=listed)
    with pytest.raises(DataError, match=r"^f.csv:3: "):
        collect(documents[1:], labels=listed)
    collector, splits = collect(documents, labels=listed, unlisted="name")
    assert collector.labels == [*listed, Label("new", "new")]
    assert names(collector, splits["train"]) == {"row-0": ["x", "new"], "row-1": ["new"]}
    collector, splits = collect(documents, labels=listed, unlisted="drop")
    assert collector.labels == listed and names(collector, splits["train"]) == {"row-0": ["x"]}
    dropped = collector.report(splits).dropped
    assert dropped["label entries that are not listed"] == 2
    assert dropped["documents with unlisted labels only"] == 1


def test_related_items():
    # a names b; b, held out, names a (the mirror), itself and c. c is held out, and has nothing but the mirror.
    documents = [
        plain("one", "b", "a", "c", uid="a", split="train"),
        plain("two", "a", "b", "d", uid="b", split="test"),
        plain("three", "a", uid="c", split="test"),
        plain("four", "d", uid="d", split="train"),
    ]
    collector, splits = collect(documents)
    assert names(collector, splits["train"]) == {"a": ["b", "c"]}
    assert names(collector, splits["test"]) == {"b": ["d"]}
    pairs = {
        split: [(kept.uids[row], collector.labels[label].uid) for row, label in kept.pairs.tolist()]
        for split, kept in splits.items()
    }
    assert pairs == {"train": [("a", "a")], "test": [("b", "b"), ("b", "a")]}
    report = collector.report(splits)
    assert report.filter_pairs == 3
    assert report.dropped["label entries that are filter pairs"] == 5
    assert report.dropped["documents whose labels are all filter pairs"] == 2
    collector, splits = collect(documents, related=False)
    assert names(collector, splits["test"]) == {"b": ["b", "a", "d"], "c": ["a"]}
    assert len(splits["train"].pairs) == len(splits["test"].pairs) == 0


def test_labels_seen_only_in_test_are_warned_about(caplog):
    documents = [plain("a", "x", split="train"), plain("b", "x", "y", split="test")]
    with caplog.at_level(logging.WARNING):
        collector, splits = collect(documents)
        collector.report(splits)
    (message,) = caplog.messages
    assert message.startswith("1 of 2 labels are seen only in test documents: ")


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([], "got 0 and 0 of 0; look at the labels"),
        (
            [plain(" ", "x"), plain("a")],
            "got 0 and 0 of 2 (1 documents without text, 1 documents without labels left",
        ),
        ([plain("a", "x", split="train")], "got 1 and 0 of 1; split by another fraction"),
        ([plain("a", "x", split="test")], "got 0 and 1 of 1; split by another fraction"),
    ],
)
def test_an_empty_side(documents, message):
    with pytest.raises(DataError) as error:
        collect(documents)
    assert message in str(error.value)


def test_wrong_options():
    for fraction in (0, 1, -1, float("nan")):
        with pytest.raises(ValueError, match="'test_fraction' must be above 0 and below 1"):
            DocumentCollector(test_fraction=fraction)
    with pytest.raises(ValueError, match="'unlisted' must be"):
        DocumentCollector(unlisted="ignore")
    with pytest.raises(DataError, match="got 2 named 'x'"):
        DocumentCollector([Label("x", ""), Label("y", ""), Label("x", "1")])
