from __future__ import annotations

import json

from xcgraph.cli.output import (
    build_table,
    decile_table,
    echo_json,
    frequency_table,
    listing,
    metrics_table,
    table,
)
from xcgraph.data import BuildReport


def test_table():
    text = table([["a", 1234, 1.0], ["long name", None, 22.456]], ["name", "count", "share"])
    assert text.splitlines() == ["name       count  share", "a          1,234   1.00", "long name         22.46"]
    assert table([["x", True], ["y", False]]) == "x  yes\ny   no"
    assert table([]) == ""
    assert table([], ["a", "b"]) == "a  b"
    assert table([[0.5]], digits=3) == "0.500"


def test_table_with_stars():
    text = table([["a", 1.0, 2], ["b", 10.0, 3]], ["", "x", "y"], marked={(1, 1)})
    assert text.splitlines() == ["       x   y", "a   1.00   2", "b  10.00*  3"]
    assert table([["a", 1.0]], marked={(0, 1)}) == "a  1.00*"


def test_wide_names_and_missing_values():
    rows = [["数据集", 1.0, None], ["gro\u0308ße", None, None], ["plain", float("nan"), None]]
    lines = table(rows, ["", "P@1", "PSP@1"], marked={(0, 1)}, missing="-").splitlines()
    assert lines == [
        "         P@1   PSP@1",
        "数据集  1.00*      -",
        "gro\u0308ße      -       -",
        "plain      -       -",
    ]
    assert table([["x", None]], ["", "y"]) == "   y\nx"


def test_a_name_takes_one_line_whatever_it_holds():
    assert table([["a\nb\t\x1b[31m\u202e\udcff", 1]]) == r"a\nb\t\x1b[31m\u202e\udcff  1"
    assert listing([("a\n", "b c"), ("d", "x\x07")]) == "a\\n\n  b c\nd\n  x\\x07"


def test_metrics_table():
    metrics = {"P@1": 50.0, "P@3": 25.0, "R@3": 12.5, "R@100": 99.0, "seed": 3, "per_decile": []}
    assert metrics_table(metrics).splitlines() == [
        "      @1     @3   @100",
        "P  50.00  25.00",
        "R         12.50  99.00",
    ]


def test_decile_table():
    row = {"decile": 1, "labels": 5, "min_frequency": 1, "max_frequency": 1, "positives": 7, "documents": 6}
    rows = [row | {"P@5": 0.5, "R@5": 10.0}, row | {"decile": 2, "max_frequency": 1200, "P@5": 1.5, "R@5": 20.0}]
    lines = decile_table(rows).splitlines()
    assert lines[0].split() == ["decile", "labels", "training", "documents", "test", "pairs", "P@5", "R@5"]
    assert lines[1].split() == ["1", "5", "1", "7", "0.50", "10.00"]
    assert lines[2].split() == ["2", "5", "1", "to", "1,200", "7", "1.50", "20.00"]


def test_json_has_no_nan(capsys):
    echo_json({"a": float("nan"), "b": [1.5, float("-inf")], "c": (1, "x")})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [1.5, None], "c": [1, "x"]}


def test_build_table():
    lines = build_table(BuildReport(4, 1, 4, 8, 1, 3, {"blue ones": 2_000, "red ones": 0}, 7)).splitlines()
    rows = dict(line.rsplit(maxsplit=1) for line in lines)
    assert {name.strip(): value for name, value in rows.items()} == {
        "training documents": "4",
        "test documents": "1",
        "labels": "4",
        "labels a document": "1.80",
        "training documents a label": "2.00",
        "labels with fewer than five, %": "75.00",
        "filter pairs": "7",
        "left out: blue ones": "2,000",
    }


def test_frequency_table():
    row = {"decile": 1, "labels": 30, "min_frequency": 0, "max_frequency": 1, "positives": 1_200}
    lines = frequency_table([row, {**row, "min_frequency": 1}]).splitlines()
    assert [" ".join(line.split()) for line in lines[1:]] == ["1 30 0 to 1 1,200", "1 30 1 1,200"]
