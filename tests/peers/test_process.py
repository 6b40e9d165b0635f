from __future__ import annotations

import numpy as np
import pytest

from xcgraph.peers import PeerError, run_peer

from .conftest import RESULT


def test_files_in_files_out(fake, data):
    peer = fake(settings={"depth": 3})
    result = run_peer(peer, data, k=7, seed=5, threads=2)
    assert result.index.shape == result.score.shape == (30, 7) and result.index.dtype == np.int64
    assert result.index[0].tolist() == list(range(7))
    measured = result.measured
    assert (measured["train_seconds"], measured["settings"]) == (1.234, {"depth": 3})
    assert measured["task"] == {"settings": {"depth": 3}, "seed": 5, "threads": 2, "k": 7, "queries": 300}
    for name in ("train_x", "train_y", "test_x", "label_x"):
        assert measured["shapes"][name] == list(getattr(data, name).shape)


def test_no_more_labels_than_there_are(fake, data):
    assert run_peer(fake(), data, k=1000).index.shape == (30, 120)


def test_threads_and_paths_of_the_process(fake, data, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/of/this/process")
    lines = "import os\nraise SystemExit(f\"{os.environ['OMP_NUM_THREADS']} {os.environ.get('PYTHONPATH')}\")"
    with pytest.raises(PeerError, match=r"^fake: 3 None$"):
        run_peer(fake(lines), data, threads=3)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("raise ValueError('no\\nsuch thing')", "fake: such thing"),
        ("print('first\\nlast\\n', file=sys.stderr); sys.exit(3)", "fake: last"),
        ("sys.exit(3)", "fake: its runner ended with exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "fake: its runner was ended by signal 9; was there enough memory?"),
        ("", "fake: its runner ended without a result"),
        ("index = index[:, :2]" + RESULT, r"fake: expected predictions of shape \(30, 5\), got \(30, 2\)"),
    ],
)
def test_failures(fake, data, lines, message):
    with pytest.raises(PeerError, match=f"^{message}"):
        run_peer(fake(lines), data, k=5)
