"""What is kept of a peer is what was measured, under a command that repeats it."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from xcgraph.cli import main as bench


@pytest.fixture
def compare():
    import compare

    return compare


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory):
    """A finished comparison of peers that need no libraries; not to be changed."""
    out = tmp_path_factory.mktemp("compare") / "out"
    args = ["compare", str(folder), "--text", "title", "--seed", "3", "--peers", "text,knn", "--out", str(out)]
    result = CliRunner().invoke(bench, args)
    assert result.exit_code == 0, result.output
    return out


def store(compare, *args, code=0):
    result = CliRunner().invoke(compare.main, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


def test_finished_comparison_is_taken_as_it_is(compare, finished, tmp_path, clean):
    args = ["--name", "tiny-title", "--from", finished, "--results", tmp_path, "--note", "other jobs ran beside"]
    store(compare, *args)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny-title-knn.json", "tiny-title-text.json"]
    stored = json.loads((tmp_path / "tiny-title-knn.json").read_text())
    metrics = json.loads((finished / "knn" / "metrics.json").read_text())
    assert stored["metrics"] == {k: pytest.approx(v, abs=1e-4) for k, v in metrics.items() if "@" in k}
    for key in (
        "seed",
        "device",
        "model",
        "data",
        "settings",
        "versions",
        "query_ms",
        "model_bytes",
        "peak_rss_mb",
    ):
        assert stored[key] == metrics[key]
    assert len(stored["per_decile"]) == 10
    assert stored["text"] == "title" and stored["note"] == "other jobs ran beside"
    assert stored["commit"] == "0" * 40 and not stored["dirty"]
    expected = "xcgraph-bench compare tiny --text title --seed 3 --threads 1 --peers knn"
    assert stored["command"] == expected


def test_what_made_the_data_goes_before_the_command(compare, finished, tmp_path, clean):
    store(
        compare,
        "--name",
        "x",
        "--from",
        finished,
        "--peers",
        "knn",
        "--results",
        tmp_path,
        "--built-by",
        "make it",
    )
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text())["command"].startswith("make it && xcgraph-bench compare tiny ")


def test_runs_a_process_and_measures_it(compare, folder, tmp_path, clean):
    args = [folder, "--text", "title", "--peers", "centroid", "--name", "x", "--results", tmp_path / "results"]
    store(compare, *args, "--out", tmp_path / "kept")
    stored = json.loads((tmp_path / "results" / "x-centroid.json").read_text())
    assert stored["model"] == "centroid" and stored["data"]["name"] == "tiny"
    assert (tmp_path / "kept" / "comparison.json").is_file()


def test_code_newer_than_the_comparison_is_refused(compare, finished, tmp_path, set_code):
    set_code(("1" * 40, False), ["xcgraph/typing.py"])
    args = ["--name", "x", "--from", finished, "--results", tmp_path]
    assert "xcgraph/typing.py is newer" in store(compare, *args, code=1).output
    assert not list(tmp_path.iterdir())
    store(compare, *args, "--force")
    assert json.loads((tmp_path / "x-knn.json").read_text())["dirty"]


def test_mistakes(compare, finished, folder, tmp_path, clean):
    store(compare, "--name", "x", code=2)
    store(compare, folder, "--name", "x", "--from", finished, code=2)
    assert "'knnn'" in store(compare, folder, "--name", "x", "--peers", "knnn", code=2).output
    assert "with peers, got none" in store(compare, "--name", "x", "--from", tmp_path, code=1).output
    shutil.copytree(finished / "knn", tmp_path / "knn")
    args = ["--name", "x", "--from", tmp_path, "--peers", "knn,text", "--results", tmp_path / "results"]
    assert "text: expected a finished run" in store(compare, *args, code=1).output
    assert not (tmp_path / "results").exists()
