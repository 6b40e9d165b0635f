from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.sparse import csr_matrix, load_npz, save_npz

from xcgraph.datasets import load_dataset
from xcgraph.metrics import top_k


def test_predictions_of_a_run(bench, finished, folder):
    out, run = finished
    stored = json.loads((out / "metrics.json").read_text())
    args = ("eval", "--data", folder, "--predictions", out / "predictions.npz")
    found = json.loads(bench(*args, "--json").stdout)
    names = [name for name in stored if "@" in name]
    assert len(names) == 15
    assert {name: found[name] for name in names} == pytest.approx({name: stored[name] for name in names})
    assert found["per_decile"] == stored["per_decile"] and found["data"] == "tiny"
    # Table and deciles as the run printed them.
    lines = bench(*args).stdout.splitlines()
    assert lines[1:] == run.stdout.splitlines()[1 : len(lines)]


def test_ranked_arrays(bench, finished, folder, tmp_path):
    out, _ = finished
    index, score = top_k(load_npz(out / "predictions.npz"), 5)
    stored = json.loads((out / "metrics.json").read_text())
    shuffled = np.random.default_rng(0).permuted(np.arange(5))
    np.savez(tmp_path / "scored.npz", index=index[:, shuffled], score=score[:, shuffled])
    np.savez(tmp_path / "ranked.npz", index=index)
    for name in ("scored", "ranked"):
        path = tmp_path / f"{name}.npz"
        found = json.loads(bench("eval", "--data", folder, "--predictions", path, "--json").stdout)
        assert found["nDCG@5"] == pytest.approx(stored["nDCG@5"])


def test_perfect(bench, folder, tmp_path):
    save_npz(tmp_path / "truth.npz", load_dataset(folder).test_y)
    found = json.loads(bench("eval", "--data", folder, "--predictions", tmp_path / "truth.npz", "--json").stdout)
    assert (found["P@1"], found["nDCG@5"], found["R@100"]) == pytest.approx((100.0, 100.0, 100.0))


def write(path, kind):
    score = csr_matrix(([1.0], ([0], [0])), shape=(21, 20))
    if kind == "text":
        path.write_text("P@1 99")
    elif kind == "empty":
        path.write_text("")
    elif kind == "array":
        with open(path, "wb") as file:
            np.save(file, np.ones((21, 20)))
    elif kind == "arrays":
        np.savez(path, scores=np.ones((21, 20)))
    elif kind == "pickle":
        np.savez(path, index=np.array([{}], dtype=object))
    elif kind == "shape":
        save_npz(path, csr_matrix((3, 4)))
    elif kind == "nan":
        score.data[:] = np.nan
        save_npz(path, score)
    elif kind == "column":
        score.indices[:] = 20
        save_npz(path, score)
    elif kind == "complex":
        save_npz(path, score.astype(np.complex64))
    elif kind == "label":
        np.savez(path, index=np.full((21, 1), 20))
    elif kind == "repeated":
        np.savez(path, index=np.zeros((21, 2), dtype=int))
    elif kind == "truncated":
        save_npz(path, score)
        path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("absent", "No such file"),
        ("text", "expected a scipy sparse matrix"),
        ("empty", "expected a scipy sparse matrix"),
        ("truncated", "expected a scipy sparse matrix"),
        ("array", "got a single array"),
        ("arrays", "got arrays scores"),
        ("pickle", "got something else"),
        ("column", "got something else"),
        ("complex", "scores that are numbers, got complex64"),
        ("shape", "expected shape (21, 20), got (3, 4)"),
        ("nan", "NaN"),
        ("label", "expected label ids 0 to 19"),
        ("repeated", "each label once"),
    ],
)
def test_damaged_predictions(error, folder, tmp_path, kind, message):
    path = tmp_path / "file.npz"
    write(path, kind)
    line = error("eval", "--data", folder, "--predictions", path, code=1)
    assert line.startswith(f"Error: {path}: ") and message in line


def test_mistakes(error, folder):
    assert "Missing option '--predictions'" in error("eval", "--data", folder, code=2)
    assert "Missing option '--data'" in error("eval", "--predictions", "x.npz", code=2)
