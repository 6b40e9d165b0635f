"""What is measured of a method: accuracy by the same code as a run's, seconds, memory, size, single queries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from xcgraph.data import DataError, LFDataset, most_pairs
from xcgraph.data.read_json import read_json

from .environment import PeerEnvironment
from .peer import Peer
from .process import QUERIES, run_peer
from .runners.protocol import QUERY_LABELS, folder_bytes, percentiles

_DEPTH = 100


def measure_peer(
    peer: Peer,
    data: LFDataset,
    out: Path,
    *,
    seed: int = 0,
    threads: int = 1,
    rerun: bool = False,
    command: str = "",
    environment: PeerEnvironment | None = None,
) -> tuple[dict[str, Any], bool]:
    """Trains and evaluates a peer, or reads what an earlier call left in ``out``.

    Leaves there ``metrics.json`` (the keys of a run's that apply, with ``query_ms`` and ``model_bytes``) and
    ``predictions.npz`` (the best 100 labels of each test document, filtered pairs removed).

    Args:
        peer: one of :data:`PEERS`.
        data: the data set.
        out: a folder of its own.
        seed: see :func:`run_peer`.
        threads: see :func:`run_peer`.
        rerun: measure anew although ``out`` holds a finished result.
        command: kept in ``metrics.json``.
        environment: see :func:`run_peer`.

    Returns:
        What ``metrics.json`` holds, and whether it was there before.

    Raises:
        ValueError: if ``out`` holds a result of something else and ``rerun`` is not set.
        PeerError: if the peer cannot be run.
    """
    from xcgraph.metrics import Evaluator, filter_predictions
    from xcgraph.training.run import fingerprint, save_predictions, write_json

    identity = {"model": peer.name, "seed": seed, "threads": threads, "data": fingerprint(data)}
    path = out / "metrics.json"
    if not rerun and path.is_file():
        return _finished(path, identity, peer), True
    pairs = data.test_filter
    k = _DEPTH + most_pairs(pairs)
    result = run_peer(peer, data, k=k, seed=seed, threads=threads, environment=environment)
    index, score = filter_predictions(result.index, result.score, pairs)
    assert score is not None
    index, score = index[:, :_DEPTH], score[:, :_DEPTH]
    evaluator = Evaluator(data.train_y, data.propensity)
    metrics: dict[str, Any] = dict(evaluator.evaluate(index, score, data.test_y, pairs))
    measured = dict(result.measured)
    metrics |= {
        "per_decile": evaluator.per_decile(index, data.test_y, score, pairs),
        "train_seconds": {"total": round(measured.pop("train_seconds"), 2)},
        **identity,
        "device": "cpu",
        **measured,
        "command": command,
    }
    out.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it would speak of other predictions
    save_predictions(out / "predictions.npz", index, score, data.num_labels)
    write_json(path, metrics)
    return metrics, False


def measure_model(folder: Path, data: LFDataset, seed: int = 0) -> dict[str, Any]:
    """Single queries and size of a trained model of this package, as :func:`run_peer` measures those of peers.

    Args:
        folder: ``model/`` of a finished run.
        data: its test documents are the queries, one sparse row each.
        seed: of their choice.

    Returns:
        ``query_ms`` (``p50``, ``p95``, ``p99``: milliseconds of one query by one thread on the CPU, its best 5
        labels) and ``model_bytes``.
    """
    from xcgraph.inference import FrozenModel, load_model
    from xcgraph.inference.latency import one_thread

    index = FrozenModel.freeze(load_model(folder)).index  # as a Predictor answers
    rows = np.random.default_rng(seed).permutation(data.test_x.shape[0])[:QUERIES]
    queries = [(row.indices, row.data) for row in (data.test_x[i] for i in rows)]
    with one_thread():
        found = percentiles(lambda query: index.rank(query[0], query[1], QUERY_LABELS), queries)
    return {"query_ms": found, "model_bytes": folder_bytes(Path(folder))}


def read_run(folder: Path, data: LFDataset) -> dict[str, Any]:
    """``metrics.json`` of a finished run, if it was on this data.

    Args:
        folder: of the run.
        data: see :func:`check_run_data`.

    Raises:
        DataError: if there is no finished run, or it was on other data.
    """
    metrics = read_metrics(folder)
    check_run_data(folder, metrics, data)
    return metrics


def read_metrics(folder: Path) -> dict[str, Any]:
    """``metrics.json`` of a finished run.

    Raises:
        DataError: if there is no finished run in the folder.
    """
    path = folder / "metrics.json"
    if not path.is_file() or not (folder / "model" / "config.json").is_file():
        if (folder / "checkpoints").is_dir():
            message = "expected a finished run, got one that is not; its command goes on with --resume"
            raise DataError(message, folder)
        raise DataError("expected a finished run, with metrics.json and model/, got none", folder)
    content = read_json(path)
    try:
        metrics = dict(content)
        metrics["data"].get("name")
        metrics["train_seconds"].get("total")
        own = {"model", "train_seconds", "peak_rss_mb", "predict_ms_batch"} - set(metrics)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DataError("expected the metrics of a run, got something else; run it again", path) from error
    if own:
        raise DataError(f"expected the metrics of a run, got none called {sorted(own)[0]}", path)
    return metrics


def check_run_data(folder: Path, metrics: dict[str, Any], data: LFDataset) -> None:
    """Makes sure that a run was on this data.

    Args:
        folder: of the run.
        metrics: as :func:`read_metrics` gives them.
        data: counts of documents, labels, features and tokens must be the same; its name may differ, since a set
            has one name in the registry and maybe another as a folder.

    Raises:
        DataError: if it was on other data.
    """
    from xcgraph.training.run import fingerprint

    for key, value in fingerprint(data).items():
        if key != "name" and metrics["data"].get(key) != value:
            raise DataError(
                f"expected a run on this data, of {value:,} {key.replace('_', ' ')}, "
                f"got one of {metrics['data'].get(key)}; name the DATA and the --text of that run",
                folder,
            )


def _finished(path: Path, identity: dict[str, Any], peer: Peer) -> dict[str, Any]:
    try:
        metrics = dict(json.loads(path.read_text(encoding="utf-8")))
        wrong = [name for name, value in identity.items() if metrics.get(name) != value]
        if not _holds(metrics["settings"], peer.settings):
            wrong.append("settings")
    except (ValueError, KeyError, TypeError, AttributeError):
        wrong = ["kind"]
    if wrong:
        raise ValueError(
            f"{path.parent}: holds a result of another {' and '.join(wrong)}; choose another folder, "
            "or measure anew with --rerun"
        )
    return metrics


def _holds(stored: Any, asked: Any) -> bool:
    """Whether all that was asked for is there; runners add their library's defaults."""
    if isinstance(asked, Mapping):
        return all(_holds(stored.get(name), value) for name, value in asked.items())
    return bool(stored == asked)
