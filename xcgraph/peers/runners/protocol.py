"""What all runners share: reads the task, times what the method does, writes what was measured.

A runner is called with one folder. It finds there ``task.json`` and, as scipy CSR, ``train_x.npz``,
``train_y.npz``, ``test_x.npz`` and ``label_x.npz``; it leaves ``predictions.npz`` (``index`` and ``score``) and
``result.json``. When it fails, the last line of its stderr says why.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_matrix, load_npz

#: Labels of a single query, and queries that are answered before the clock counts.
QUERY_LABELS = 5
WARM_UP = 50


@dataclass
class Task:
    """What a runner is asked for.

    Args:
        settings: of the method, beside its library's defaults.
        seed: of all that is random, where the library takes one.
        threads: for training and for prediction in batches; single queries get one.
        k: labels wanted a test document.
        queries: how many single queries to time.
        train_x: ``[N, V]`` float32.
        train_y: ``[N, L]`` float32, ones.
        test_x: ``[N', V]`` float32.
        label_x: ``[L, V]`` float32.
    """

    settings: dict[str, Any]
    seed: int
    threads: int
    k: int
    queries: int
    train_x: csr_matrix
    train_y: csr_matrix
    test_x: csr_matrix
    label_x: csr_matrix

    @classmethod
    def read(cls, folder: Path) -> Task:
        """Reads the files of a task."""
        asked = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        names = ("train_x", "train_y", "test_x", "label_x")
        return cls(**asked, **{name: csr_matrix(load_npz(folder / f"{name}.npz")) for name in names})


class Method(Protocol):
    """A library's method; made of a :class:`Task`, so that preparing its input is not counted as training."""

    #: Whose versions are told.
    packages: tuple[str, ...]

    def fit(self) -> None:
        """Trains; this is what is timed."""

    def store(self, folder: Path) -> None:
        """Writes the model, and makes ready to predict with it."""

    def settings(self) -> dict[str, Any]:
        """All hyper-parameters, as json values."""

    def predict(self, x: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The best ``k`` labels of each row and their scores, ``[n, k]``; -1 and -inf where there are fewer."""

    def prepare(self, row: csr_matrix) -> Any:
        """A single row ``[1, V]`` as :meth:`query` takes it."""

    def query(self, prepared: Any, k: int) -> Any:
        """Answers one query by one thread, by the library's own call."""


def main(make: Any) -> None:
    """Runs a method on the task in the folder that the command line names."""
    folder = Path(sys.argv[1])
    task = Task.read(folder)
    method: Method = make(task)
    start = time.perf_counter()
    method.fit()
    train_seconds = time.perf_counter() - start
    model = folder / "model"
    model.mkdir()
    method.store(model)
    start = time.perf_counter()
    index, score = method.predict(task.test_x, task.k)
    predict_seconds = time.perf_counter() - start
    result = {
        "settings": method.settings(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in method.packages}},
        "train_seconds": train_seconds,
        "predict_ms_batch": 1000 * predict_seconds / max(1, task.test_x.shape[0]),
        "query_ms": time_queries(method, task),
        "model_bytes": folder_bytes(model),
        "peak_rss_mb": peak_rss_mb(),
    }
    np.savez(folder / "predictions.npz", index=index.astype(np.int32), score=score.astype(np.float32))
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


def time_queries(method: Method, task: Task) -> dict[str, float] | None:
    """Percentiles of milliseconds a query, of rows chosen by the seed; ``None`` without test documents."""
    rows = np.random.default_rng(task.seed).permutation(task.test_x.shape[0])[: task.queries]
    prepared = [method.prepare(task.test_x[row]) for row in rows]
    return percentiles(lambda query: method.query(query, QUERY_LABELS), prepared)


def percentiles(answer: Any, queries: list[Any]) -> dict[str, float] | None:
    """Milliseconds of single calls: the first ones again and again until warm, then each once."""
    if not queries:
        return None
    for i in range(WARM_UP):
        answer(queries[i % len(queries)])
    seconds = []
    for query in queries:
        start = time.perf_counter()
        answer(query)
        seconds.append(time.perf_counter() - start)
    found = np.percentile(1000 * np.array(seconds), (50, 95, 99))
    return dict(zip(("p50", "p95", "p99"), found.tolist(), strict=True))


def ranked(lists: list[list[tuple[int, float]]], k: int) -> tuple[np.ndarray, np.ndarray]:
    """Lists of (label, score), best first, as the arrays that :meth:`Method.predict` gives."""
    index = np.full((len(lists), k), -1, dtype=np.int32)
    score = np.full((len(lists), k), -np.inf, dtype=np.float32)
    for row, found in enumerate(lists):
        for rank, (label, value) in enumerate(found[:k]):
            index[row, rank], score[row, rank] = label, value
    return index, score


def folder_bytes(folder: Path) -> int:
    """Size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def peak_rss_mb() -> float:
    """Most memory that this process has held, in MB (10^6 bytes).

    Not what getrusage says, where the kernel tells: a child starts with the peak of the process that started it.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
