from __future__ import annotations

import json
import shlex
import sys

import pytest

from xcgraph import datasets, training
from xcgraph.data import DataError

from .conftest import QUICK

METRICS = {
    "P@1": 1.0,
    "per_decile": [],
    "train_seconds": {"total": 0.0},
    "predict_ms_batch": 0.0,
    "peak_rss_mb": 1.0,
}


@pytest.fixture
def asked(monkeypatch):
    """What ``run_benchmark`` was asked for, instead of a run."""
    calls = []

    def run_benchmark(data, out, **options):
        calls.append({"data": data, "out": out, **options})
        return METRICS

    monkeypatch.setattr(training, "run_benchmark", run_benchmark)
    return calls


def test_whole_run(finished, folder):
    out, result = finished
    assert {path.name for path in out.iterdir()} == {"metrics.json", "predictions.npz", "model", "log.jsonl"}
    stored = json.loads((out / "metrics.json").read_text())
    lines = result.stdout.splitlines()
    assert lines[0] == "eclare on tiny: test documents, percent"
    assert lines[1].split() == ["@1", "@3", "@5", "@10", "@100"]
    assert lines[2].split() == ["P", *(f"{stored[f'P@{k}']:.2f}" for k in (1, 3, 5))]
    assert lines[6].split() == ["R", *(f"{stored[f'R@{k}']:.2f}" for k in (5, 10, 100))]
    assert sum(line.split()[:1] == [str(n)] for line in lines for n in range(1, 11)) == 10
    assert any(line.startswith("training, total") for line in lines) and lines[-1] == f"files in {out}"
    assert shlex.split(stored["command"])[:3] == ["xcgraph-bench", "run", str(folder)]
    assert "tiny: 45 training" in result.stderr and "ranker 1/2 epoch 1/1: loss" in result.stderr


def test_same_seed_same_metrics_and_a_finished_run_is_replaced(bench, finished, folder, tmp_path):
    first = bench("run", folder, "--model", "decaf", "--out", tmp_path / "run", "--json", "-q", *QUICK)
    assert first.stderr == ""
    again = bench("run", folder, "--model", "decaf", "--out", tmp_path / "run", "--json", "-q", *QUICK)
    first, again = json.loads(first.stdout), json.loads(again.stdout)
    assert first["model"] == "decaf" and first["nDCG@5"] == again["nDCG@5"]
    assert again == json.loads((tmp_path / "run" / "metrics.json").read_text())


def test_options_reach_the_run(bench, asked, folder, tmp_path):
    options = [
        "--seed",
        7,
        "--recipe",
        "paper",
        "--device",
        "cpu",
        "--text",
        "title",
        "--set",
        "dim=5",
        "--resume",
    ]
    result = bench("run", folder, "--model", "decaf", "--out", tmp_path, *options)
    (call,) = asked
    assert (call["model"], call["recipe"], call["seed"], call["device"]) == ("decaf", "paper", 7, "cpu")
    assert (call["settings"].dim, call["settings"].instances, call["resume"]) == (5, 3, True)
    assert call["out"] == tmp_path and len(call["callbacks"]) == 1
    assert "--set dim=5" in call["command"] and "--resume" not in call["command"]
    assert "no interrupted run to resume" in result.stderr
    bench("run", folder, "--out", tmp_path, "--quiet")
    assert asked[1]["model"] == "eclare" and asked[1]["callbacks"] == () and not asked[1]["resume"]


def test_without_data(bench, asked, monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "available", lambda name: (False, "no apt"))
    result = bench("run", "--out", tmp_path / "run")
    assert "planted, which is synthetic" in result.stderr
    assert asked[0]["data"].name == "planted"
    assert asked[0]["command"] == f"xcgraph-bench run --out {tmp_path / 'run'} planted"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--set", "dmi=3"], "no setting is called 'dmi'; did you mean 'dim'?"),
        (["--set", "dim=x"], "'dim' must be a whole number"),
        (["--set", "dim"], "expected key=value, got 'dim'"),
        (["--set", "log=wandb"], "'log' must be one of json, tensorboard, got 'wandb'"),
        (["--model", "decaf", "--set", "graph=walk"], "DECAF uses no label graph"),
        (["--recipe", "best"], "'best' is not one of"),
        (["--seed", "x"], "'x' is not a valid integer"),
    ],
)
def test_mistakes(error, asked, folder, tmp_path, args, message):
    assert message in error("run", folder, "--out", tmp_path / "run", *args, code=2)
    assert not asked and not (tmp_path / "run").exists()


def test_tensorboard_is_missed_before_data_are_read(error, asked, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    line = error("run", tmp_path / "absent", "--out", tmp_path / "run", "--set", "log=tensorboard", code=1)
    assert line == "Error: log=tensorboard needs the package 'tensorboard': pip install 'xcgraph[tensorboard]'"
    assert not (tmp_path / "run").exists()


def test_wrong_data(error, asked, tmp_path):
    assert "did you mean 'debian'?" in error("run", "debain", "--out", tmp_path / "run", code=2)
    line = error("run", tmp_path / "absent", "--out", tmp_path / "run", code=1)
    assert line.startswith(f"Error: {tmp_path / 'absent'}: expected a data folder")
    (tmp_path / "lbl.json").write_text('{"uid": 1}\n')
    (tmp_path / "trn.json").write_text("")
    (tmp_path / "tst.json").write_text("")
    line = error("run", tmp_path, "--out", tmp_path / "run", code=1)
    assert line.startswith(f"Error: {tmp_path / 'lbl.json'}:1: expected 'title'")
    assert not asked and not (tmp_path / "run").exists()


def test_warnings_of_the_loader_are_lines(bench, asked, tmp_path):
    (tmp_path / "lbl.json").write_text('{"uid": "a", "title": "alpha"}\n')
    (tmp_path / "trn.json").write_text(
        '{"uid": "x", "title": "alpha one", "target_ind": [0]}\n{"uid": "y", "title": "two", "target_ind": []}\n'
    )
    (tmp_path / "tst.json").write_text('{"uid": "z", "title": "alpha", "target_ind": [0]}\n')
    result = bench("run", tmp_path, "--out", tmp_path / "run")
    assert result.stderr.startswith("Warning: trn.json: 1 ") and result.stderr.count("Warning") == 1
    assert bench("run", tmp_path, "--out", tmp_path / "run", "-q").stderr == ""


@pytest.mark.parametrize("names", [["thesis.tex"], ["checkpoints/model.pt"], ["log.jsonl"], ["metrics.json"]])
def test_out_with_files_of_something_else(error, asked, folder, tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("precious")
    line = error("run", folder, "--out", tmp_path, code=2)
    assert f"--out {tmp_path}: holds files, but no earlier run" in line
    assert not asked and (tmp_path / names[0]).read_text() == "precious"


def test_out_is_a_file(error, folder, tmp_path):
    (tmp_path / "file").write_text("")
    assert "expected a folder, got a file" in error("run", folder, "--out", tmp_path / "file", code=2)


@pytest.mark.parametrize(
    "names", [["checkpoints/run.json"], ["log.jsonl", "metrics.json"], ["log.jsonl", "model/config.json"], []]
)
def test_out_of_an_earlier_run(bench, asked, folder, tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    bench("run", folder, "--out", tmp_path)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "Interrupted; the same command with --resume goes on after the last epoch"),
        (MemoryError("8 GiB"), 1, "Error: not enough memory (8 GiB); "),
        (ValueError("started with another seed"), 2, "Error: started with another seed"),
        (DataError("bad", "x.txt", 3), 1, "Error: x.txt:3: bad"),
        (PermissionError(13, "Permission denied", "out"), 1, "Error: out: Permission denied"),
    ],
)
def test_what_a_run_may_end_in(bench, monkeypatch, folder, tmp_path, raised, code, message):
    def run_benchmark(*args, **kwargs):
        raise raised

    monkeypatch.setattr(training, "run_benchmark", run_benchmark)
    result = bench("run", folder, "--out", tmp_path, "-q", code=code)
    assert result.stdout == ""
    assert result.stderr.startswith(message) and result.stderr.count("\n") == 1


def test_resume_with_other_settings(error, folder, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "run.json").write_text(json.dumps({"seed": 5}))
    line = error("run", folder, "--out", tmp_path, "--resume", *QUICK, code=2)
    assert "the run to resume differs in its " in line
