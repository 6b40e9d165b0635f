"""What is kept of a run is what the run said, under a name and a command that repeat it."""

from __future__ import annotations

import json
import os
import shlex

import pytest
from click.testing import CliRunner

from xcgraph.cli import main as bench

QUICK = ["--set", "dim=8", "--set", "max_epochs=1", "--set", "min_epochs=1", "--set", "walk_length=20"]
NAME = "tiny-title-eclare-default-seed2-dim=8-max_epochs=1-min_epochs=1-walk_length=20.json"


@pytest.fixture
def accuracy():
    import accuracy

    return accuracy


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory):
    """A finished run on ``folder``; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "run"
    args = ["run", str(folder), "--text", "title", "--seed", "2", "--device", "cpu", "--quiet", *QUICK]
    result = CliRunner().invoke(bench, [*args, "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out


def store(accuracy, *args, code=0):
    result = CliRunner().invoke(accuracy.main, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


def test_finished_run_is_taken_as_it_is(accuracy, finished, tmp_path, clean):
    store(accuracy, "--from-run", finished, "--results", tmp_path)
    stored = json.loads((tmp_path / NAME).read_text())
    metrics = json.loads((finished / "metrics.json").read_text())
    assert stored["metrics"] == {k: pytest.approx(v, abs=1e-4) for k, v in metrics.items() if "@" in k}
    assert len(stored["metrics"]) == 15
    for key in ("seed", "recipe", "device", "model", "data", "settings", "fitted", "versions"):
        assert stored[key] == metrics[key]
    assert [decile["decile"] for decile in stored["per_decile"]] == list(range(1, 11))
    assert stored["train_seconds"] == metrics["train_seconds"]
    assert stored["machine"]["threads"] == metrics["threads"]
    assert stored["commit"] == "0" * 40 and not stored["dirty"]
    assert stored["model_bytes"] > 1000 and stored["query_ms"]["p50"] > 0
    assert "best" not in stored["phases"]["0/ranker"] and stored["phases"]["0/ranker"]["epochs"] == 1


def test_stored_command_repeats_the_run(accuracy, finished, tmp_path, clean):
    store(accuracy, "--from-run", finished, "--results", tmp_path)
    stored = json.loads((tmp_path / NAME).read_text())
    words = shlex.split(stored["command"])
    assert words[:3] == ["xcgraph-bench", "run", "tiny"]
    again = accuracy.parse_command(stored["command"])
    original = accuracy.parse_command(json.loads((finished / "metrics.json").read_text())["command"])
    for key in ("text", "model", "recipe", "seed", "device", "changes"):
        assert again[key] == original[key]


def test_note_and_what_made_the_data_are_kept(accuracy, finished, tmp_path, clean):
    args = ["--note", "other jobs ran beside", "--built-by", "make-tiny --out tiny"]
    store(accuracy, "--from-run", finished, "--results", tmp_path, *args)
    stored = json.loads((tmp_path / NAME).read_text())
    assert stored["note"] == "other jobs ran beside"
    assert stored["command"].startswith("make-tiny --out tiny && xcgraph-bench run tiny ")


def test_rendered_page_takes_it(accuracy, finished, tmp_path, clean):
    import render

    store(accuracy, "--from-run", finished, "--results", tmp_path)
    assert "## tiny, titles: 20 labels" in render.page(render.load_results(tmp_path))


def test_runs_a_process_and_measures_it(accuracy, folder, tmp_path, clean):
    args = ["--data", folder, "--text", "title", "--seed", "2", "--device", "cpu", *QUICK]
    store(accuracy, *args, "--results", tmp_path, "--out", tmp_path / "kept")
    stored = json.loads((tmp_path / NAME).read_text())
    assert stored["train_seconds"]["wall"] > stored["train_seconds"]["total"] > 0
    assert (tmp_path / "kept" / "metrics.json").is_file()


def test_dirty_tree_replaces_nothing_unless_forced(accuracy, finished, folder, tmp_path, set_code):
    path = tmp_path / NAME
    set_code(("1" * 40, True))
    store(accuracy, "--from-run", finished, "--results", tmp_path)  # nothing is there yet
    assert json.loads(path.read_text())["dirty"]
    path.write_text("{}")
    options = ["--text", "title", "--seed", "2", *QUICK, "--results", tmp_path]
    for args in (["--from-run", finished, "--results", tmp_path], ["--data", folder, *options]):
        assert "--force" in store(accuracy, *args, code=1).output
        assert path.read_text() == "{}"
    store(accuracy, "--from-run", finished, "--results", tmp_path, "--force")
    assert json.loads(path.read_text())["dirty"]
    set_code(("1" * 40, False))
    store(accuracy, "--from-run", finished, "--results", tmp_path)
    assert not json.loads(path.read_text())["dirty"]


def test_run_older_than_the_code_is_refused(accuracy, finished, tmp_path, set_code):
    set_code(("1" * 40, False), ["xcgraph/typing.py"])
    assert (
        "xcgraph/typing.py is newer"
        in store(accuracy, "--from-run", finished, "--results", tmp_path, code=1).output
    )
    assert os.listdir(tmp_path) == []
    store(accuracy, "--from-run", finished, "--results", tmp_path, "--force")
    assert json.loads((tmp_path / NAME).read_text())["dirty"]


def test_mistakes(accuracy, tmp_path):
    store(accuracy, code=2)
    store(accuracy, "--data", "planted", "--from-run", tmp_path, code=2)
    assert "metrics.json" in store(accuracy, "--from-run", tmp_path, code=1).output


def test_run_whose_data_is_gone(accuracy, finished, tmp_path, clean):
    metrics = json.loads((finished / "metrics.json").read_text())
    metrics["command"] = metrics["command"].replace("run ", "run /gone", 1)
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    assert "single queries cannot be measured" in store(accuracy, "--from-run", tmp_path, code=1).output
