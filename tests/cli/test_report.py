from __future__ import annotations

import gzip
import json
import re
import shutil

import pytest

from xcgraph.datasets import build_dataset, load_dataset

from .conftest import QUICK


def groups(path):
    """What the page holds of each data set."""
    html = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="groups">(.*?)</script>', html, flags=re.DOTALL)[1])


@pytest.fixture
def copy(finished, tmp_path):
    """A run that may be changed."""
    shutil.copytree(finished[0], tmp_path / "run")
    return tmp_path / "run"


def change(folder, **values):
    path = folder / "metrics.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_the_data_of_the_command(bench, finished, tmp_path):
    result = bench("report", finished[0], "--out", tmp_path / "new" / "r.html")
    assert result.stdout.startswith(f"{tmp_path / 'new' / 'r.html'}: 1 run, 1 data set, ")
    (group,) = groups(tmp_path / "new" / "r.html")
    assert len(group["documents"]["documents"]) == 21 and group["documents"]["runs"][0]["why"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["r.html"]


def test_options(bench, finished, folder, tmp_path):
    bench("compare", folder, "--runs", finished[0], "--peers", "knn,text", "--out", tmp_path / "c")
    args = ("--compare", tmp_path / "c", "--documents", 3, "--out", tmp_path / "r.html")
    bench("report", finished[0], finished[0], "--data", folder, *args)
    (group,) = groups(tmp_path / "r.html")
    # The comparison measured this run too: its time of a query is known, and it is there once.
    assert [row["name"] for row in group["rows"]] == [f"eclare ({finished[0]})", "knn", "text"]
    assert group["rows"][0]["values"]["query ms"] > 0
    uids = load_dataset(folder).test_uids
    assert [document["uid"] for document in group["documents"]["documents"]] == [uids[0], uids[10], uids[20]]


def test_without_the_data(bench, copy, tmp_path):
    change(copy, command="xcgraph-bench run /nowhere --out x")
    result = bench("report", copy, "--out", tmp_path / "r.html")
    assert "/nowhere is not on this machine; --data DATA names it" in result.stderr
    (group,) = groups(tmp_path / "r.html")
    assert group["documents"] is None and group["rows"]


@pytest.mark.parametrize(
    "command", ["", "xcgraph-bench run --out", "xcgraph-bench run 'x", "run --help", "python x.py"]
)
def test_commands_that_say_nothing(bench, copy, folder, tmp_path, command):
    change(copy, command=command)
    result = bench("report", copy, "--out", tmp_path / "r.html")
    assert "the runs do not say where it is; --data DATA names it" in result.stderr
    bench("report", copy, "--data", folder, "--out", tmp_path / "r.html")
    assert groups(tmp_path / "r.html")[0]["documents"]


def test_titles_are_found_out(bench, tmp_path):
    build_dataset("planted", tmp_path / "data", num_labels=20)
    for name in ("trn", "tst", "lbl"):
        path = tmp_path / "data" / f"{name}.json.gz"
        lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        with gzip.open(path, "wt") as file:
            file.writelines(json.dumps({**line, "content": "more words"}) + "\n" for line in lines)
    bench("run", tmp_path / "data", "--text", "title", "--out", tmp_path / "run", "--device", "cpu", *QUICK)
    change(tmp_path / "run", command="")
    bench("report", tmp_path / "run", "--data", tmp_path / "data", "--out", tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text()
    assert '<h2 id="g0">data, titles</h2>' in html and "more words" not in html


def test_data_that_changed_since(bench, error, copy, tmp_path):
    build_dataset("planted", tmp_path / "other", num_labels=30)
    change(copy, command=f"xcgraph-bench run {tmp_path / 'other'} --out x")
    result = bench("report", copy, "--out", tmp_path / "r.html")
    assert "expected a run on this data" in result.stderr and "--data DATA names it" in result.stderr
    line = error("report", copy, "--data", tmp_path / "other", "--out", tmp_path / "r2.html", code=1)
    assert line.startswith(f"Error: {copy}: expected a run on this data, of ") and "got one of 45" in line
    assert not (tmp_path / "r2.html").exists()


def test_two_data_sets(bench, finished, tmp_path):
    build_dataset("planted", tmp_path / "other", num_labels=30)
    bench("run", tmp_path / "other", "--model", "decaf", "--out", tmp_path / "run", "--device", "cpu", *QUICK)
    result = bench("report", finished[0], tmp_path / "run", "--out", tmp_path / "r.html")
    assert ": 2 runs, 2 data sets, " in result.stdout
    first, second = groups(tmp_path / "r.html")
    assert len(first["rows"]) == len(second["rows"]) == 1
    assert len(first["documents"]["labels"]) == 20 and len(second["documents"]["labels"]) == 30
    bench("report", finished[0], tmp_path / "run", "--data", tmp_path / "other", "--out", tmp_path / "r.html")
    assert all(group["documents"] for group in groups(tmp_path / "r.html"))


def test_files_that_are_missing(error, copy, tmp_path):
    out = ("--out", tmp_path / "r.html")
    line = error("report", tmp_path, *out, code=1)
    assert line == f"Error: {tmp_path}: expected a finished run, with metrics.json and model/, got none"
    (copy / "predictions.npz").rename(tmp_path / "p.npz")
    line = error("report", copy, *out, code=1)
    assert line == f"Error: {copy}: expected predictions.npz of a finished run, got none; run it again"
    assert not (tmp_path / "r.html").exists()


def test_a_missing_run_is_known_before_torch_is_imported(error_without_torch, tmp_path):
    stderr = error_without_torch("report", tmp_path / "none", "--out", tmp_path / "r.html")
    assert stderr.startswith(f"Error: {tmp_path / 'none'}: expected a finished run")


def test_models_that_cannot_be_read(error, copy, tmp_path):
    config = json.loads((copy / "model" / "config.json").read_text())
    (copy / "model" / "config.json").write_text(json.dumps({**config, "format_version": 99}))
    line = error("report", copy, "--out", tmp_path / "r.html", code=1)
    assert line.startswith(f"Error: {copy / 'model'}: cannot be read as a model: it is of format 99")
    assert line.endswith("update xcgraph")


def test_predictions_of_something_else(error, copy, tmp_path):
    import numpy as np

    np.savez(copy / "predictions.npz", index=np.zeros((21, 1), dtype=int))
    line = error("report", copy, "--out", tmp_path / "r.html", code=1)
    assert "predictions.npz: expected scores of 21 test documents x 20 labels" in line


def test_comparisons_of_something_else(error, finished, tmp_path):
    (tmp_path / "x.json").write_text(
        json.dumps({"data": "x", "text": "all", "rows": [{"name": "knn", "kind": "peer", "values": {}}]})
    )
    out = ("--out", tmp_path / "r.html")
    line = error("report", finished[0], "--compare", tmp_path / "x.json", *out, code=1)
    assert line == f"Error: {tmp_path / 'x.json'}: expected results on the data of a run, got some on x, text all"
    (tmp_path / "x.json").write_text('["P@1"]')
    assert "expected what 'xcgraph-bench compare'" in error(
        "report", finished[0], "--compare", tmp_path / "x.json", *out, code=1
    )
    assert "No such file" in error("report", finished[0], "--compare", tmp_path / "y.json", *out, code=1)


def test_mistakes(error, finished, tmp_path):
    assert "Missing argument 'RUN_DIR...'" in error("report", "--out", tmp_path / "r.html", code=2)
    assert "Missing option '--out'" in error("report", finished[0], code=2)
    metrics = finished[0] / "metrics.json"
    assert "expected a name that ends in .html or .htm" in error("report", finished[0], "--out", metrics, code=2)
    out = ("--out", tmp_path / "r.html")
    assert "--documents" in error("report", finished[0], "--documents", 501, *out, code=2)
    assert "nowhere" in error("report", finished[0], "--data", "nowhere", *out, code=2)
    assert "P@1" in json.loads(metrics.read_text())
