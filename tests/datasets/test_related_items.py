from __future__ import annotations

import hashlib

import pytest
from tiny_sources import read_pairs, targets

from xcgraph.data import DataError
from xcgraph.datasets import Item, is_test_group, write_related_items


def test_split_is_the_hash_of_the_group():
    for group in ("viewer", "Editor", "größe"):
        number = int(hashlib.sha256(b"xc0\0" + group.encode()).hexdigest()[:16], 16)
        assert is_test_group(group) == (number < 2**62)
    share = sum(is_test_group(str(number)) for number in range(4000)) / 4000
    assert share == pytest.approx(0.25, abs=0.02)


def test_labels_need_text(tmp_path):
    items = {uid: Item("viewer", uid) for uid in "abc"} | {"blank": Item("viewer", " ")}
    items["t"] = Item("editor", "t")
    report = write_related_items(
        tmp_path / "out", items, {"a": ["b", "blank"], "c": ["blank"], "t": ["b", "blank"]}
    )
    assert (report.train, report.test, report.labels) == (1, 1, 1)
    assert targets(tmp_path / "out/trn.json.gz") == {"a": [0]}
    assert report.dropped["labels without text"] == 1


def test_left_out_pairs_are_listed_only_where_they_are_no_labels(tmp_path):
    items = {uid: Item("viewer", uid) for uid in "abc"} | {"t": Item("editor", "t")}
    related = {"a": ["b", "c"], "t": ["c", "t"]}
    write_related_items(tmp_path / "out", items, related, left_out={"a": ["b"], "t": ["b", "a"]})
    assert targets(tmp_path / "out/tst.json.gz") == {"t": [1]}
    assert read_pairs(tmp_path / "out/filter_labels_train.txt") == []
    assert read_pairs(tmp_path / "out/filter_labels_test.txt") == [(0, 0)]


def test_listed_pairs_are_never_true(tmp_path):
    items = {uid: Item(group, uid) for uid, group in (("a", "viewer"), ("b", "player"), ("t", "editor"))}
    write_related_items(tmp_path / "out", items, {"a": ["b", "t"], "b": ["a"], "t": ["a", "b"]})
    assert targets(tmp_path / "out/tst.json.gz") == {"t": [1]}
    assert read_pairs(tmp_path / "out/filter_labels_test.txt") == [(0, 0), (0, 2)]


def test_no_labels(tmp_path):
    with pytest.raises(DataError, match="nothing to build"):
        write_related_items(tmp_path / "out", {"a": Item("viewer", "a")}, {"a": ["a"]})
    assert not (tmp_path / "out").exists()
