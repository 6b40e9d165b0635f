from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from xcgraph.peers import Peer, PeerEnvironment
from xcgraph.testing import tiny_dataset

RUNNER = """
import json, sys
from pathlib import Path
import numpy as np
from scipy.sparse import load_npz
folder = Path(sys.argv[1])
task = json.loads((folder / "task.json").read_text())
x = {name: load_npz(folder / f"{name}.npz") for name in ("train_x", "train_y", "test_x", "label_x")}
index = np.tile(np.arange(task["k"], dtype=np.int32), (x["test_x"].shape[0], 1))
score = -index.astype(np.float32)
"""
RESULT = """
np.savez(folder / "predictions.npz", index=index, score=score)
(folder / "result.json").write_text(json.dumps({
    "settings": task["settings"], "versions": {"fake": "1"}, "train_seconds": 1.234, "predict_ms_batch": 0.5,
    "query_ms": None, "model_bytes": None, "peak_rss_mb": 20.0, "task": task,
    "shapes": {name: list(matrix.shape) for name, matrix in x.items()},
}))
"""


@pytest.fixture(scope="session")
def data():
    """120 labels: more than the best 100; pairs of document 0 are filtered."""
    data = tiny_dataset(120, 150, 30)
    absent = [label for label in range(120) if label not in data.test_y[0].indices]
    pairs = [[0, label] for label in absent[:15]] + [[4, absent[3]]]
    return dataclasses.replace(data, test_filter=np.array(pairs))


@pytest.fixture
def fake(tmp_path):
    """Makes a peer whose runner is a few lines: ``fake("raise SystemExit('no')")``; by default it ranks by id."""

    def make(lines: str = RESULT, **options) -> Peer:
        path = tmp_path / "runner.py"
        path.write_text(RUNNER + lines)
        return Peer("fake", "ranks by id", str(path), library=False, **options)

    return make


@pytest.fixture
def nowhere(tmp_path) -> PeerEnvironment:
    """An environment that nothing has been installed in."""
    return PeerEnvironment(Path(tmp_path) / "environment")
