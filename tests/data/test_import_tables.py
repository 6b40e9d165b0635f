from __future__ import annotations

import csv
import gzip
import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xcgraph.data import (
    DataError,
    TableLayout,
    check_folder,
    import_tables,
    read_documents,
    read_filter_pairs,
    read_labels,
)

LAYOUT = TableLayout()
ROWS = [(f"text number {i}", f"l{i % 5};l{i % 3}") for i in range(40)]


def write_csv(path, rows, header=("title", "labels")):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def contents(folder):
    """``(labels, {"trn": [(uid, title, content, names)], "tst": ...})``."""
    labels = list(read_labels(folder / "lbl.json.gz"))
    return labels, {
        stem: [
            (d.uid, d.title, d.content, {labels[i].uid for i in d.target_ind})
            for d in read_documents(folder / f"{stem}.json.gz", len(labels))
        ]
        for stem in ("trn", "tst")
    }


@pytest.fixture
def table(tmp_path):
    return write_csv(tmp_path / "t.csv", ROWS)


def test_every_row_arrives_with_its_labels(table, tmp_path):
    report = import_tables(tmp_path / "out", [table], LAYOUT, test_fraction=0.3)
    labels, parts = contents(tmp_path / "out")
    assert {label.uid for label in labels} == {f"l{i}" for i in range(5)} and labels[0] == ("l0", "l0", "")
    assert (report.train, report.test) == (len(parts["trn"]), len(parts["tst"])) and report.test > 3
    found = {uid: (title, names) for part in parts.values() for uid, title, _, names in part}
    assert found == {f"row-{i}": (title, set(names.split(";"))) for i, (title, names) in enumerate(ROWS)}
    assert check_folder(tmp_path / "out") == []
    assert not list((tmp_path / "out").glob("filter*"))


def test_the_same_files_give_the_same_bytes(table, tmp_path):
    for name in ("one", "two"):
        import_tables(tmp_path / name, [table], LAYOUT, seed=3)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_more_data_keeps_the_split(table, tmp_path):
    more = write_csv(tmp_path / "more.csv", [(f"new {i}", "l9") for i in range(10)])
    import_tables(tmp_path / "one", [table], LAYOUT)
    import_tables(tmp_path / "two", [more, table], LAYOUT)
    sides = [{title for _, title, _, _ in contents(tmp_path / name)[1]["tst"]} for name in ("one", "two")]
    assert sides[0] == {title for title in sides[1] if not title.startswith("new")}


def test_given_test_files_and_labels(table, tmp_path):
    test = write_csv(
        tmp_path / "test.csv", [("asked", "l1;l7", "body"), ("asked", "l7", "")], ("title", "labels", "b")
    )
    write_csv(tmp_path / "labels.csv", [("l7", "seven", "long"), ("l1", "one", "")], ("uid", "title", "about"))
    train = write_csv(tmp_path / "train.csv", [("asked", "l1", "x")], ("title", "labels", "b"))
    import_tables(
        tmp_path / "out", [train], TableLayout(content="b"), test_files=[test], label_file=tmp_path / "labels.csv",
        label_layout=TableLayout(uid="uid", content="about", labels=None),
    )  # fmt: skip
    labels, parts = contents(tmp_path / "out")
    assert labels == [("l7", "seven", "long"), ("l1", "one", "")]
    assert parts["trn"] == [("row-0", "asked", "x", {"l1"})]
    assert parts["tst"] == [("row-1", "asked", "body", {"l1", "l7"}), ("row-2", "asked", "", {"l7"})]
    with pytest.raises(DataError, match=rf"^{table}:2: expected a label that has a text, got 'l0'"):
        import_tables(tmp_path / "no", [table], LAYOUT, label_file=tmp_path / "labels.csv")
    assert not (tmp_path / "no").exists()


def test_documents_that_are_labels(tmp_path):
    rows = [
        ("a", "A", "b;c", "train"),
        ("b", "B", "a;c", "test"),
        ("c", "C", "a", "test"),
        ("d", "D", "c", "train"),
    ]
    path = write_csv(tmp_path / "t.csv", rows, ("id", "title", "labels", "side"))
    layout = TableLayout(uid="id", split="side")
    report = import_tables(tmp_path / "out", [path], layout)
    labels, parts = contents(tmp_path / "out")
    assert [label.uid for label in labels] == ["b", "c", "a"]
    assert parts["tst"] == [("b", "B", "", {"c"})]  # c has nothing but the mirror of a's pair
    assert read_filter_pairs(tmp_path / "out/filter_labels_train.txt", 2, 3).tolist() == [[0, 2]]
    assert read_filter_pairs(tmp_path / "out/filter_labels_test.txt", 1, 3).tolist() == [[0, 0], [0, 2]]
    assert report.filter_pairs == 3
    report = import_tables(tmp_path / "other", [path], layout, related=False)
    assert report.filter_pairs == 0 and report.test == 2 and not list((tmp_path / "other").glob("filter*"))


def test_one_label_that_looks_like_several(tmp_path, caplog):
    path = write_csv(tmp_path / "t.csv", [(f"t{i}", "x|y") for i in range(20)])
    with caplog.at_level(logging.WARNING):
        import_tables(tmp_path / "one", [path], LAYOUT)
        import_tables(tmp_path / "two", [path], TableLayout(separator="|"))
    (message,) = caplog.messages
    assert message == "20 documents have one label that holds '|': if that is several labels, separate by it"


def test_mistakes(table, tmp_path):
    with pytest.raises(ValueError, match="either 'test_files' or a 'split' column"):
        import_tables(tmp_path / "out", [table], TableLayout(split="labels"), test_files=[table])
    write_csv(tmp_path / "labels.csv", [], ("uid", "title"))
    with pytest.raises(DataError, match=r"labels\.csv: expected at least one label, got none"):
        import_tables(tmp_path / "out", [table], LAYOUT, label_file=tmp_path / "labels.csv")
    import_tables(tmp_path / "out", [table], LAYOUT)
    # Before anything is read.
    with pytest.raises(FileExistsError, match="holds files already"):
        import_tables(tmp_path / "out", [Path("absent.csv")], LAYOUT)
    import_tables(tmp_path / "out", [table], LAYOUT, overwrite=True)


def test_a_file_that_changes_while_it_is_read(table, tmp_path, monkeypatch):
    scope = import_tables.__globals__  # its module has the same name, and is hidden by it
    read = scope["read_named_documents"]
    calls = []

    def shrinking(*args):
        calls.append(args)
        yield from list(read(*args))[: 40 if len(calls) == 1 else 5]

    monkeypatch.setitem(scope, "read_named_documents", shrinking)
    with pytest.raises(DataError, match="a file has changed; import again"):
        import_tables(tmp_path / "out", [table], LAYOUT)
    assert not (tmp_path / "out").exists()


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL), max_size=10))
def test_any_cells(tmp_path, rows):
    """What is kept is what was there; what is not kept is counted, or told in one line."""
    path = write_csv(tmp_path / "t.csv", rows)
    test = write_csv(tmp_path / "test.csv", [("t", "x")])
    expected = {}
    for i, (title, cell) in enumerate(rows):
        names = {name.strip() for name in cell.split(";")} - {""}
        if title.strip() and names:
            expected[f"row-{i}"] = (title, names)
    try:
        report = import_tables(tmp_path / "out", [path], LAYOUT, test_files=[test], overwrite=True)
    except DataError as error:
        assert not expected and "\n" not in str(error)
        return
    found = {uid: (title, names) for uid, title, _, names in contents(tmp_path / "out")[1]["trn"]}
    assert found == expected and sum(report.dropped.values()) == len(rows) - len(expected)


def test_bad_rows_are_left_out_and_told(tmp_path, caplog):
    good = "".join(f"text number {i},l{i % 5}\n" for i in range(40)).encode()
    path = tmp_path / "t.csv"
    path.write_bytes(b'title,labels\na,b,c\ncaf\xe9,l1\n"a"b,l1\n' + good)
    with pytest.raises(DataError, match=r"t\.csv:2: expected 2 cells"):
        import_tables(tmp_path / "out", [path], LAYOUT)
    with caplog.at_level(logging.WARNING):
        report = import_tables(tmp_path / "out", [path], LAYOUT, skip_bad_rows=True)
    assert report.dropped["rows that cannot be read"] == 3 and report.train + report.test == 40
    assert f"left out 3 rows that cannot be read; the first: {path}:2: expected 2 cells" in caplog.text
    _, parts = contents(tmp_path / "out")
    assert {title for part in parts.values() for _, title, _, _ in part} == {f"text number {i}" for i in range(40)}


def test_bad_rows_of_json(tmp_path):
    good = "".join(f'{{"title": "text number {i}", "labels": ["l{i % 5}"]}}\n' for i in range(40))
    path = tmp_path / "t.jsonl"
    path.write_text('{"title": "x", "lab\n[]\n{"title": 1.5, "labels": ["l0"]}\n' + good)
    report = import_tables(tmp_path / "out", [path], LAYOUT, skip_bad_rows=True)
    assert report.dropped["rows that cannot be read"] == 3 and report.train + report.test == 40


@pytest.mark.parametrize("end", ['"no end,l1\nx y,l2\n', '"no\nend"x,l1\n'])
def test_what_may_be_most_of_a_file_is_no_bad_row(end, table, tmp_path):
    with open(table, "a") as file:
        file.write(end)
    with pytest.raises(DataError, match=r"t\.csv:42: expected cells, got what is none"):
        import_tables(tmp_path / "out", [table], LAYOUT, skip_bad_rows=True)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(table.read_bytes())[:-20])
    with pytest.raises(DataError, match="gzip data"):
        import_tables(tmp_path / "out", [tmp_path / "t.csv.gz"], LAYOUT, skip_bad_rows=True)
    assert not (tmp_path / "out").exists()


def test_another_encoding(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"title,labels\n" + "".join(f"café {i},l{i % 5}\n" for i in range(40)).encode("cp1252"))
    with pytest.raises(DataError, match=r"t\.csv:2: expected UTF-8, got byte 0xe9 .*the right 'encoding'"):
        import_tables(tmp_path / "out", [path], LAYOUT)
    import_tables(tmp_path / "out", [path], TableLayout(encoding="cp1252"))
    _, parts = contents(tmp_path / "out")
    assert {title for part in parts.values() for _, title, _, _ in part} == {f"café {i}" for i in range(40)}
