from __future__ import annotations

import csv
import gzip
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xcgraph.data import DataError, TableLayout
from xcgraph.data.read_table import read_table

LAYOUT = TableLayout(labels="tags")


def read(path, layout=LAYOUT):
    return list(read_table(path, layout))


@pytest.fixture
def write(tmp_path):
    def write_bytes(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_bytes


def test_csv_with_lines_where_records_start(write):
    path = write('id,title , tags\r\n1,"a ""b"",\nsecond line",x;y\r\n\r\n2,plain,\n')
    assert read(path) == [
        (2, {"title": 'a "b",\nsecond line', "labels": "x;y"}),
        (5, {"title": "plain", "labels": ""}),
    ]


def test_tsv_gzip_and_byte_order_mark(write):
    text = "\ufefftitle\ttags\nKäse, alt\tx\n".encode()
    assert read(write(gzip.compress(text), "t.tsv.gz")) == [(2, {"title": "Käse, alt", "labels": "x"})]
    assert read(write(text.replace(b"\t", b"|"), "u.csv"), TableLayout(labels="tags", delimiter="|")) == [
        (2, {"title": "Käse, alt", "labels": "x"})
    ]


def test_quotes_that_are_none(write):
    path = write('title\ttags\n5" disk\tx\n"so called" disk\ty\n', "t.tsv")
    with pytest.raises(DataError, match=r":3: expected cells, .*; .*set 'quotes' to none"):
        read(path)
    rows = read(path, TableLayout(labels="tags", quotes="none"))
    assert [row["title"] for _, row in rows] == ['5" disk', '"so called" disk']


def test_long_cells(write):
    limit = csv.field_size_limit()
    ((_, row),) = read(write(f"title,tags\n{'x' * 300_000},y\n"))
    assert len(row["title"]) == 300_000 and csv.field_size_limit() == limit


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ": expected a header with the names of the columns, got an empty file"),
        ("\n\n", ": expected a header"),
        ("title,tag\na,b\n", ":1: expected a column 'tags', got 'title', 'tag'; give the right 'labels'"),
        ("title;tags\na;b\n", ":1: expected a column 'title', got 'title;tags'; give the right 'title', or"),
        ("title,tags,tags\na,b,c\n", ":1: expected one column 'tags', got 2; rename one"),
        ("title,tags\na,b\na,b,c\n", ":3: expected 2 cells as in the header, got 3; put quotes around"),
        ('title,tags\n"a\nb",c\na\n', ":4: expected 2 cells as in the header, got 1"),
        ('title,tags\na,b\n"a,b\nc,d\n', ":3: expected cells, got what is none (unexpected end of data)"),
        (b"title,tags\nok,b\ncaf\xe9,b\n", ":3: expected UTF-8, got byte 0xe9 at position 4"),
        ("title,tags\na,b\n".encode("utf-16"), ":1: expected UTF-8"),
        (gzip.compress(b"title,tags\n" + os.urandom(4000).hex().encode())[:2000], "expected more gzip data"),
    ],
)  # fmt: skip
def test_broken_csv(write, content, message):
    path = write(content)
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value).startswith(str(path)) and message in str(error.value)


def test_what_is_no_file(tmp_path):
    with pytest.raises(DataError, match="expected a file, got nothing there"):
        read(tmp_path / "absent.csv")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("folder.csv", "pipe.csv"):
        with pytest.raises(DataError, match="expected a file, got something else"):
            read(tmp_path / name)


def test_jsonl(write):
    path = write('{"title": "a", "tags": ["x", "y"]}\n\n{"title": "b", "other": 1}\n{"tags": "z"}\n', "t.jsonl")
    assert read(path) == [
        (1, {"title": "a", "labels": ["x", "y"]}),
        (3, {"title": "b", "labels": None}),
        (4, {"title": None, "labels": "z"}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ": expected a JSON object a line, got none"),
        ('{"title": "a", "tags": []}\n[1]\n', ":2: expected a JSON object, got '[1]'"),
        ('{"title": "a"\n', ":1: expected a JSON object"),
        ('[\n{"title": "a", "tags": []}\n]\n', ":1: expected a JSON object, got '['"),
        ('{"title": "\\ud800", "tags": []}\n', ":1: expected UTF-8 text, got a lone surrogate"),
        (
            '{"title": "a", "tag": []}\n{"tag": []}\n',
            ": expected a column 'tags', got 'title', 'tag'; give the right",
        ),
    ],
)
def test_broken_jsonl(write, content, message):
    path = write(content, "t.jsonl")
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value).startswith(str(path)) and message in str(error.value)


def test_parquet(tmp_path, write):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (xcgraph[parquet])")
    from pyarrow import parquet

    titles = [f"Käse {i}" for i in range(2500)]
    tags = [["x", None], None, []] + [["y"]] * 2497
    parquet.write_table(
        pyarrow.table({"n": list(range(2500)), "tags": tags, "title": titles}), tmp_path / "t.parquet"
    )
    rows = read(tmp_path / "t.parquet")
    assert [line for line, _ in rows] == list(range(1, 2501))
    assert [row["title"] for _, row in rows] == titles and [row["labels"] for _, row in rows] == tags
    with pytest.raises(DataError, match="expected a column 'title2', got 'n', 'tags', 'title'"):
        read(tmp_path / "t.parquet", TableLayout(title="title2", labels="tags"))
    for content in (b"", b"PAR1 not really PAR1", (tmp_path / "t.parquet").read_bytes()[:-9]):
        with pytest.raises(DataError, match=r"broken\.parquet: cannot be read as Parquet: "):
            read(write(content, "broken.parquet"))


def test_parquet_without_its_package(write, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'xcgraph\[parquet\]'"):
        read(write(b"PAR1", "t.parquet"))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1), mark=st.sampled_from(",;\t|"))
def test_csv_round_trip(tmp_path, rows, mark):
    path = tmp_path / "t.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=mark, quoting=csv.QUOTE_ALL).writerows([("title", "tags"), *rows])
    found = read(path, TableLayout(labels="tags", delimiter=mark))
    assert [(row["title"], row["labels"]) for _, row in found] == rows
    path.with_suffix(".jsonl").write_text("".join(json.dumps({"title": t, "tags": [g]}) + "\n" for t, g in rows))
    found = read(path.with_suffix(".jsonl"))
    assert [(row["title"], row["labels"]) for _, row in found] == [(title, [tag]) for title, tag in rows]
