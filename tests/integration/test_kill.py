"""SIGKILL, which no process can answer, and ``--resume``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from scipy.sparse import load_npz

from xcgraph.cli import main
from xcgraph.datasets import build_dataset

SETTINGS = {
    "dim": 16,
    "scoring": "shortlist",
    "instances": 2,
    "min_epochs": 12,
    "max_epochs": 12,
    "patience": 100,
    "surrogate_epochs": 12,
}


def arguments(data, out) -> list[str]:
    changes = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]
    return ["run", str(data), "--out", str(out), "--device", "cpu", "--seed", "4", "--quiet", *changes]


def finish(*args: str) -> None:
    result = CliRunner().invoke(main, list(args))
    assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_killed_process(tmp_path):
    data, whole, out = tmp_path / "data", tmp_path / "whole", tmp_path / "run"
    build_dataset("planted", data, num_labels=50)
    finish(*arguments(data, whole))

    log = out / "log.jsonl"
    start = [sys.executable, "-c", "from xcgraph.cli import main; main()", *arguments(data, out)]
    process = subprocess.Popen(start, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        while process.poll() is None and (not log.exists() or log.read_text().count("\n") < 15):
            time.sleep(0.002)
        assert process.poll() is None, "it ended before it could be killed"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (out / "metrics.json").exists() and (out / "checkpoints").is_dir()
    finish(*arguments(data, out), "--resume")

    expected, resumed = (json.loads((folder / "metrics.json").read_text()) for folder in (whole, out))
    names = [name for name in expected if "@" in name] + ["per_decile", "settings", "data", "seed"]
    assert {name: resumed[name] for name in names} == {name: expected[name] for name in names}
    matrices = [load_npz(folder / "predictions.npz") for folder in (whole, out)]
    assert (matrices[0] != matrices[1]).nnz == 0 and matrices[0].nnz == matrices[1].nnz > 0
    epochs = []
    for folder in (whole, out):
        records = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
        epochs.append([(record["phase"], record["epoch"], record["loss"]) for record in records])
    assert epochs[0] == epochs[1] and len(set(epochs[1])) == len(epochs[1])
    assert {path.name for path in out.iterdir()} == {"metrics.json", "predictions.npz", "model", "log.jsonl"}
