from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xcgraph.data import DataError, LFDataset, from_texts

TEXTS = ["tmux and screen", "git log", "less is more", "vi modes", "tmux again", "git blame", "vi keys", "screen"]
LISTS = [["tmux", "screen"], ["git"], ["less"], ["vi"], ["tmux"], ["git"], ["vi"], ["screen"]]
LABELS = {
    "tmux": "terminal multiplexer",
    "git": "revision control",
    "less": "pager",
    "vi": "editor",
    "screen": "old",
}


def pairs(data):
    """uid -> names of labels, over both sides."""
    y, uids = data.y.tocoo(), [*data.train_uids, *data.test_uids]
    found = {uid: set() for uid in uids}
    for row, label in zip(y.row, y.col, strict=True):
        found[uids[row]].add(data.label_uids[label])
    return found


def test_everything_is_there_once():
    data = from_texts(TEXTS, LISTS, LABELS, test_fraction=0.4, name="mine")
    assert isinstance(data, LFDataset) and data.name == "mine"
    assert data.label_uids == list(LABELS) and data.label_titles == list(LABELS.values())
    assert pairs(data) == {f"row-{i}": set(labels) for i, labels in enumerate(LISTS)}
    assert len(data.train_uids) and len(data.test_uids)
    for x, uids in ((data.train_x, data.train_uids), (data.test_x, data.test_uids)):
        expected = data.vectorizer.transform([TEXTS[int(uid[4:])] for uid in uids])
        assert (x != expected).nnz == 0
    assert (data.label_x != data.vectorizer.transform(list(LABELS.values()))).nnz == 0


def test_names_are_texts_where_there_are_none():
    data = from_texts(
        ["a b", "c d"], [["network-manager"], ["NetworkManager"]], test_texts=["e"], test_label_lists=[["x"]]
    )
    assert data.label_titles == ["network-manager", "NetworkManager", "x"]
    first, second = data.label_x[0], data.label_x[1]
    assert first.multiply(second).nnz == 3
    assert (data.train_uids, data.test_uids) == (["row-0", "row-1"], ["row-2"])


def test_label_ids_and_a_list_of_label_texts():
    lists = [np.array([0, 2]), (1,), [2], {0}]
    data = from_texts(np.array(["a", "b", "c", "d"]), lists, ["zero", "one", "two"], test_fraction=0.5, seed=3)
    assert data.label_uids == ["0", "1", "2"] and data.label_titles == ["zero", "one", "two"]
    assert pairs(data) == {"row-0": {"0", "2"}, "row-1": {"1"}, "row-2": {"2"}, "row-3": {"0"}}


def test_explicit_test_set():
    data = from_texts(TEXTS, LISTS, LABELS, test_texts=TEXTS[:2], test_label_lists=LISTS[:2])
    assert data.train_uids == [f"row-{i}" for i in range(8)] and data.test_uids == ["row-8", "row-9"]
    assert (data.test_y != data.train_y[:2]).nnz == 0


def test_groups_stay_together():
    groups = [i % 4 for i in range(8)]
    data = from_texts(TEXTS, LISTS, LABELS, groups=groups, test_fraction=0.5)
    sides = [{int(uid[4:]) % 4 for uid in uids} for uids in (data.train_uids, data.test_uids)]
    assert all(sides) and not sides[0] & sides[1]


def test_uids_make_filter_pairs():
    data = from_texts(
        ["one", "two"], [["b", "c"], ["c"]], uids=["a", "c"],
        test_texts=["three"], test_label_lists=[["a", "c"]], test_uids=["b"],
    )  # fmt: skip
    assert data.label_uids == ["b", "c", "a"]
    assert data.train_uids == ["a"]  # c names itself alone
    assert data.train_filter.tolist() == [[0, 2]] and data.test_filter.tolist() == [[0, 0], [0, 2]]
    assert data.test_y.toarray().tolist() == [[0, 1, 0]]


def test_left_out_documents_are_told(caplog):
    with caplog.at_level(logging.WARNING):
        from_texts(["", "b", "c"], [["x"], [], ["x"]], test_texts=["d"], test_label_lists=[["x"]])
    assert caplog.messages == ["texts: left out: 1 documents without text, 1 documents without labels"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label_lists": LISTS[:7]}, "expected as many entries in 'label_lists' as in 'texts', 8, got 7"),
        ({"groups": ["a"]}, "expected as many entries in 'groups' as in 'texts', 8, got 1"),
        ({"uids": range(9)}, "expected as many entries in 'uids' as in 'texts', 8, got 9"),
        ({"texts": "a text"}, "texts: expected a list, got 'a text'"),
        ({"texts": [*TEXTS[:7], None]}, "texts[7]: expected text, got None"),
        ({"texts": [*TEXTS[:7], b"bytes"]}, "texts[7]: expected text, got"),
        ({"texts": [*TEXTS[:7], "\ud800"]}, "texts[7]: expected text that UTF-8 can write"),
        ({"label_lists": [*LISTS[:7], "vi"]}, "label_lists[7]: expected a list, got 'vi'"),
        ({"label_lists": [*LISTS[:7], None]}, "label_lists[7]: expected a list, got None"),
        ({"label_lists": [*LISTS[:7], [" "]]}, "label_lists[7]: expected a name, got an empty text"),
        ({"label_lists": [*LISTS[:7], [float("nan")]]}, "label_lists[7]: expected text, got nan"),
        (
            {"label_lists": [*LISTS[:7], ["emacs"]]},
            "label_lists[7]: expected a label that has a text, got 'emacs'",
        ),
        ({"label_lists": [[]] * 8}, "(8 documents without labels left out)"),
        ({"label_texts": {**LABELS, "x": 3}}, "label_texts['x']: expected text, got 3"),
        ({"label_texts": {**LABELS, 1: "one", "1": "uno"}}, "expected labels of different names, got 2 named '1'"),
        ({"label_texts": "abc"}, "label_texts: expected a list"),
        ({"texts": [], "label_lists": []}, "got 0 and 0 of 0"),
    ],
)
def test_mistakes_in_the_data(change, message):
    with pytest.raises(DataError) as error:
        from_texts(**{"texts": TEXTS, "label_lists": LISTS, "label_texts": LABELS, **change})
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test_texts": ["a"]}, "expected both 'test_texts' and 'test_label_lists'"),
        ({"test_texts": ["a"], "test_label_lists": [["vi"]], "groups": range(8)}, "either 'groups'"),
        ({"test_texts": ["a"], "test_label_lists": [["vi"]], "uids": range(8)}, "both 'uids' and 'test_uids'"),
        ({"test_uids": ["a"]}, "expected 'test_texts' for 'test_uids'"),
        ({"test_fraction": 1.0}, "'test_fraction' must be"),
        ({"min_df": 0}, "'min_df' must be"),
    ],
)
def test_arguments_that_do_not_go_together(options, message):
    with pytest.raises(ValueError, match=message):
        from_texts(TEXTS, LISTS, LABELS, **options)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.lists(st.text(min_size=1), max_size=4)), max_size=12))
def test_any_texts_and_names(rows):
    """Whatever the texts, either one line says what is wrong or each kept document has the labels it came with."""
    texts, lists = [text for text, _ in rows], [labels for _, labels in rows]
    try:
        data = from_texts(texts, lists, test_texts=["one more"], test_label_lists=[["label"]])
    except DataError as error:
        assert "\n" not in str(error)
        return
    found = pairs(data)
    for i, (text, labels) in enumerate(rows):
        if text.strip() and labels:
            assert found[f"row-{i}"] == {label.strip() for label in labels}
        else:
            assert f"row-{i}" not in found
