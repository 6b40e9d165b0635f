"""Models of random tensors, 6 labels and 9 tokens, whose names are not harmless."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import torch

from xcgraph.data import LFDataset, Vectorizer
from xcgraph.datasets import build_dataset
from xcgraph.inference import DocumentEncoder, EnsembleRanker, LabelRanker, save_model
from xcgraph.training import make_settings, run_benchmark

WORDS = "alpha beta gamma delta epsilon zeta eta theta iota"
UIDS = ["a", "b-2", "Straße", "d", "e\x1fe", "f"]
TITLES = ["Alpha", "Beta two", "<script>document.title='broken'</script> & co", "", "e", "f"]
L, V, D = len(UIDS), 9, 4


def write_model(folder, seed=0):
    g = torch.Generator().manual_seed(seed)
    encoder = DocumentEncoder(*(torch.randn(shape, generator=g) for shape in ((V, D), (D,), (D, D), (D,))))
    ranker = LabelRanker(encoder, torch.randn(L, D, generator=g), torch.randn(L, generator=g))
    save_model(folder, EnsembleRanker([ranker]), Vectorizer().fit([WORDS]), UIDS, TITLES, {"seed": seed})
    return folder


@pytest.fixture
def write():
    """``write(folder, seed)`` writes a model; models of other seeds answer otherwise."""
    return write_model


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A model folder, not to be changed."""
    return write_model(tmp_path_factory.mktemp("served") / "model")


@pytest.fixture(scope="session")
def explained(tmp_path_factory):
    """A trained model that can explain its scores: 20 labels."""
    folder = tmp_path_factory.mktemp("explained")
    build_dataset("planted", folder / "data", num_labels=20)
    settings = make_settings("eclare", "default", {"dim": 8, "max_epochs": 1, "min_epochs": 1})
    run_benchmark(LFDataset.load(folder / "data"), folder / "run", settings=settings, command="")
    return folder / "run" / "model"


@pytest.fixture
def wait_until():
    """``wait_until(condition)`` calls the condition until it holds, for a minute at most."""

    def wait(condition):
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, "it did not come to pass"
            time.sleep(0.01)

    return wait


class Process:
    """A server process: ``url`` and ``port``; ``stop()`` and ``end()``, which waits, give ``(exit code,
    stderr)``."""

    def __init__(self, *args):
        code = "from xcgraph.cli import main; main(prog_name='xcgraph-bench')"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "serve", *map(str, args), "--port", "0", "--device", "cpu"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            # Jobs that a script starts with & ignore Ctrl-C, and so would their children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.said = ""
        while "serving " not in self.said:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        self.url = self.said.partition(" at ")[2].partition(";")[0]
        self.port = int(self.url.rpartition(":")[2])

    def send(self, number):
        self.process.send_signal(number)

    def stop(self):
        self.send(signal.SIGTERM)
        return self.end()

    def end(self):
        _, rest = self.process.communicate(timeout=60)
        return self.process.returncode, self.said + rest


@pytest.fixture(scope="session")
def start_server():
    """``with start_server(folder, *options) as server:`` is a server in a process of its own, see ``Process``."""

    @contextmanager
    def start(*args):
        server = Process(*args)
        try:
            yield server
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.communicate()

    return start
