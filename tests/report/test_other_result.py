from __future__ import annotations

import json
from pathlib import Path

import pytest

from xcgraph.data import DataError
from xcgraph.peers import COLUMNS
from xcgraph.report import read_results

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
VALUES = dict.fromkeys(COLUMNS, 1.5)


def comparison(path, **changes):
    rows = [
        {"name": "knn", "kind": "peer", "values": VALUES, "command": "c", "source": ""},
        {
            "name": "eclare (x)",
            "kind": "model",
            "values": {**VALUES, "query ms": None},
            "command": "",
            "source": "",
        },
        {"name": "ECLARE (published)", "kind": "published", "values": {}, "command": "", "source": "s"},
    ]
    path.write_text(json.dumps({"data": "tiny", "text": "all", "rows": rows, **changes}))
    return path


def test_a_comparison(tmp_path):
    path = comparison(tmp_path / "comparison.json")
    (tmp_path / "knn").mkdir()
    beside = {"data": {"name": "tiny", "labels": 3}, "per_decile": [{"decile": 1, "R@5": 20, "labels": 3}]}
    (tmp_path / "knn" / "metrics.json").write_text(json.dumps(beside))
    for given in (path, tmp_path):
        knn, model = read_results(given)
        assert (knn.row.name, knn.row.kind, knn.row.get("P@1"), knn.row.command) == ("knn", "peer", 1.5, "c")
        assert (knn.data, knn.text, knn.sizes) == ("tiny", "all", {"name": "tiny", "labels": 3})
        assert knn.per_decile == [{"decile": 1.0, "R@5": 20.0}]
        assert (model.row.kind, model.row.get("query ms"), model.sizes, model.per_decile) == (
            "model",
            None,
            {},
            [],
        )


def test_names_of_rows_are_no_paths(tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps({"data": {"name": "secret"}}))
    row = {"name": "../" + tmp_path.name, "kind": "peer", "values": VALUES}
    (result,) = read_results(comparison(tmp_path / "comparison.json", rows=[row]))
    assert result.sizes == {}


@pytest.mark.parametrize("kind", ["compare", "accuracy"])
def test_stored_results(kind):
    found = read_results(RESULTS / kind)
    assert len(found) == len(list((RESULTS / kind).glob("*.json")))
    for result in found:
        assert (
            result.row.get("P@1") and result.row.get("query ms") and result.sizes["labels"] and result.per_decile
        )
    assert {result.row.kind for result in found} == {"peer" if kind == "compare" else "model"}
    if kind == "accuracy":
        assert "eclare, default, preset=fast, seed 0" in [result.row.name for result in found]


def test_the_run_itself(metrics, tmp_path):
    values = {
        **{name: metrics[name] for name in COLUMNS if "@" in name},
        "train s": metrics["train_seconds"]["total"],
    }
    values = {name: round(value, 4) for name, value in values.items()}

    def result(kind, **changes):
        row = {"name": "m", "kind": kind, "values": {**values, **changes}}
        (found,) = read_results(comparison(tmp_path / "c.json", rows=[row]))
        return found

    assert result("model").is_run(metrics)
    assert not result("peer").is_run(metrics)
    assert not result("model", **{"P@3": values["P@3"] + 0.1}).is_run(metrics)
    assert not result("model", **{"train s": None}).is_run(metrics)


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "[1]",
        "{}",
        '{"rows": 3}',
        '{"rows": []}',
        '{"rows": [{"name": "knn", "kind": "peer"}]}',
        '{"rows": [{"name": "knn", "kind": "peer", "values": {"P@1": "x"}}], "data": "d", "text": "all"}',
        '{"rows": [{"name": "knn", "kind": "peer", "values": {"P@1": NaN}}], "data": "d", "text": "all"}',
        '{"rows": [{"name": "knn", "kind": "other", "values": {}}], "data": "d", "text": "all"}',
        '{"rows": [{"name": "knn", "kind": "peer", "values": {}}], "data": 7, "text": "all"}',
    ],
)
def test_other_files(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"x.json: expected what 'xcgraph-bench compare'"):
        read_results(path)


def test_a_file_that_was_cut_off(tmp_path):
    (tmp_path / "x.json").write_text('{"rows": [\n')
    with pytest.raises(DataError, match=r"x.json:2: expected a whole JSON file"):
        read_results(tmp_path / "x.json")


def test_an_empty_folder(tmp_path):
    with pytest.raises(DataError, match=r"expected comparison.json, or results"):
        read_results(tmp_path)
    with pytest.raises(OSError):
        read_results(tmp_path / "absent.json")
