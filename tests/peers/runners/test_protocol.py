from __future__ import annotations

import json
import resource
import sys

import numpy as np
import pytest
from scipy.sparse import save_npz

from xcgraph.peers.runners import protocol
from xcgraph.peers.runners.protocol import folder_bytes, main, peak_rss_mb, percentiles, ranked


class Method:
    """Predicts labels in the order of their ids, and notes what it was asked."""

    packages = ("numpy",)
    calls: list[str] = []  # noqa: RUF012

    def __init__(self, task):
        assert task.train_x.shape == (150, task.label_x.shape[1])
        self.task = task
        self.calls.clear()

    def fit(self):
        self.calls.append("fit")

    def store(self, folder):
        self.calls.append("store")
        (folder / "weights").write_bytes(b"12345")

    def settings(self):
        return {"seed": self.task.seed}

    def predict(self, x, k):
        self.calls.append("predict")
        return ranked([[(0, 1.0), (1, 0.5)]] * x.shape[0], k)

    def prepare(self, row):
        assert row.shape[0] == 1
        return row.indices

    def query(self, prepared, k):
        assert k == 5
        self.calls.append("query")


def test_main(data, tmp_path, monkeypatch):
    task = {"settings": {}, "seed": 3, "threads": 1, "k": 4, "queries": 7}
    (tmp_path / "task.json").write_text(json.dumps(task))
    for name in ("train_x", "train_y", "test_x", "label_x"):
        save_npz(tmp_path / f"{name}.npz", getattr(data, name))
    monkeypatch.setattr(sys, "argv", ["runner", str(tmp_path)])
    main(Method)
    assert Method.calls == ["fit", "store", "predict", *["query"] * (protocol.WARM_UP + 7)]
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["settings"] == {"seed": 3} and result["model_bytes"] == 5
    assert result["versions"]["numpy"] == np.__version__ and result["train_seconds"] >= 0
    arrays = np.load(tmp_path / "predictions.npz")
    assert arrays["index"].shape == (30, 4) and arrays["index"][0].tolist() == [0, 1, -1, -1]
    assert arrays["score"][0].tolist() == [1.0, 0.5, -np.inf, -np.inf]


def test_percentiles(monkeypatch):
    clock = iter(np.cumsum([0.0, *([0.001] * 2) * 100]))  # each call of the clock is a millisecond after the last
    monkeypatch.setattr(protocol.time, "perf_counter", lambda: next(clock))
    found = percentiles(lambda query: None, list(range(10)))
    assert found == pytest.approx({"p50": 1.0, "p95": 1.0, "p99": 1.0})
    assert percentiles(lambda query: None, []) is None


def test_folder_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"123")
    (tmp_path / "c").write_bytes(b"4")
    assert folder_bytes(tmp_path) == 4


def test_peak_rss_is_of_this_process():
    ceiling = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    assert 10 < peak_rss_mb() <= ceiling + 1
