from __future__ import annotations

from pathlib import Path

import pytest

from xcgraph.data import DataError, TableLayout


def test_columns_by_role():
    layout = TableLayout(title="headline", labels="tags", uid="id")
    assert layout.columns == {"title": "headline", "labels": "tags", "uid": "id"}
    assert TableLayout(labels=None, content="body").columns == {"title": "title", "content": "body"}


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.csv", "csv"), ("a.TSV", "tsv"), ("a.b.tab.gz", "tsv"), ("a.jsonl.GZ", "jsonl"), ("a.json", "jsonl"),
     ("a.ndjson", "jsonl"), ("a.parquet", "parquet"), ("a.pq", "parquet")],
)  # fmt: skip
def test_format_by_suffix(name, format):
    assert TableLayout().format_of(Path(name)) == format
    assert TableLayout(format="csv").format_of(Path(name)) == "csv"
    assert TableLayout(fallback_format="csv").format_of(Path(name)) == format


@pytest.mark.parametrize("name", ["a.txt", "a", "csv", "a.gz", "a.txt.gz", "a.csv.bz2"])
def test_unknown_suffix(name):
    with pytest.raises(DataError, match=rf"^x/{name}: expected a name that ends in .csv, .*; give the 'format'$"):
        TableLayout().format_of(Path("x") / name)
    assert TableLayout(fallback_format="tsv").format_of(Path(name)) == "tsv"


def test_wrong_options():
    with pytest.raises(ValueError, match="'separator' must have"):
        TableLayout(separator="")
    for delimiter in ("", ",,", '"', "\n"):
        with pytest.raises(ValueError, match="'delimiter' must be one character"):
            TableLayout(delimiter=delimiter)


@pytest.mark.parametrize(
    ("name", "message"), [("klingon", "must be one that Python knows"), ("utf-16", "iconv -f")]
)
def test_encodings_that_are_refused(name, message):
    with pytest.raises(ValueError, match=f"^'encoding' .*{message}"):
        TableLayout(encoding=name)
