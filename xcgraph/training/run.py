"""A complete run: train, predict the test documents, evaluate, and leave everything in a folder."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

import xcgraph
from xcgraph.data import LFDataset, most_pairs
from xcgraph.data.read_json import read_json
from xcgraph.inference import EnsembleRanker, save_model
from xcgraph.metrics import Evaluator, filter_predictions
from xcgraph.sparse import CSR

from .callbacks import Callback, JsonLog, TensorBoardLog
from .pipeline import Pipeline
from .planned_phase import plan_phases
from .settings import Settings, make_settings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_STATE = "checkpoints"
_EVENTS = "tensorboard"
_DEPTH = 100


def run_benchmark(
    data: LFDataset,
    out: str | Path,
    *,
    model: str = "eclare",
    recipe: str = "default",
    settings: Settings | None = None,
    seed: int = 0,
    device: torch.device | str = "cpu",
    resume: bool = False,
    command: str = "",
    callbacks: Sequence[Callback] = (),
) -> dict[str, Any]:
    """Trains a model on a data set, and evaluates it on the test documents.

    Leaves in ``out``: ``metrics.json``, ``predictions.npz`` (scipy CSR, test documents x labels, the best 100 of
    each without filtered pairs), ``model/`` and ``log.jsonl``; while it runs, ``checkpoints/``. With the setting
    ``log=tensorboard``, ``tensorboard/`` too (:class:`~xcgraph.training.callbacks.TensorBoardLog`).

    Args:
        data: the data set.
        out: made if it does not exist.
        model: ``"eclare"`` or ``"decaf"``.
        recipe: ``"default"`` or ``"paper"``.
        settings: by default those of the recipe, :func:`~xcgraph.training.make_settings`.
        seed: the same seed gives the same metrics on one machine.
        device: to train on.
        resume: go on after the last epoch of an interrupted run in ``out``; of a finished one, return its metrics.
        command: kept in ``metrics.json``.
        callbacks: told of progress.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        ValueError: if there are no documents or labels, or if a run to be resumed was started with other settings
            or other data.
        ImportError: with ``log=tensorboard``, if that is not installed.
    """

    # Peers are measured where nothing of this package is, so that what measures both is theirs.
    from xcgraph.peers.runners.protocol import peak_rss_mb

    settings = settings or make_settings(model, recipe)
    if data.train_x.shape[0] == 0 or data.num_labels == 0 or data.train_y.nnz == 0:
        raise ValueError(f"{data.name}: there is nothing to train on: no training documents with labels")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    identity = {
        "model": model,
        "recipe": recipe,
        "seed": seed,
        "settings": settings.as_dict(),
        "data": fingerprint(data),
        "version": xcgraph.__version__,
    }
    if resume and (finished := _finished(out, identity)) is not None:
        return finished
    _prepare(out, identity, resume)
    log = JsonLog(out / "log.jsonl", resume)
    logs: list[Callback] = [log]
    if settings.log == "tensorboard":
        logs.append(TensorBoardLog(out / _EVENTS, log))
    callbacks = [*logs, *callbacks]
    pipeline = Pipeline(data, model, recipe, settings, seed, device, out / _STATE, callbacks)
    phases = plan_phases(pipeline.settings, recipe, pipeline.scoring, data.train_x.shape[0])
    for callback in callbacks:
        callback.on_run_start(phases)
    ranker = pipeline.fit()

    index, score, seconds = _predict(ranker, data, torch.device(device))
    num_test = max(1, data.test_x.shape[0])
    evaluator = Evaluator(data.train_y, data.propensity)
    metrics: dict[str, Any] = dict(evaluator.evaluate(index, score, data.test_y, data.test_filter))
    train_seconds = {**pipeline.seconds, "total": sum(pipeline.seconds.values())}
    metrics |= {
        "per_decile": evaluator.per_decile(index, data.test_y, score, data.test_filter),
        "train_seconds": {name: round(value, 2) for name, value in train_seconds.items()},
        "peak_rss_mb": round(peak_rss_mb(), 1),
        "predict_ms_batch": round(1000 * seconds / num_test, 4),
        "seed": seed,
        "recipe": recipe,
        "device": str(device),
        "model": model,
        "data": identity["data"],
        "settings": settings.as_dict(),
        "scoring": pipeline.scoring,
        "fitted": {name: getattr(pipeline.settings, name) for name in ("dim", "batch_size", "learning_rate")},
        "phases": pipeline.results,
        "threads": torch.get_num_threads(),
        "versions": _versions(),
        "command": command,
    }
    save_predictions(out / "predictions.npz", index, score, data.num_labels)
    config: dict[str, Any] = {name: identity[name] for name in ("model", "recipe", "seed", "settings", "version")}
    if pipeline.calibration is not None:
        config["calibration"] = pipeline.calibration.as_config()
    for unfinished in out.glob(".model.*.tmp"):  # of a run killed while it wrote its model
        shutil.rmtree(unfinished, ignore_errors=True)
    save_model(out / "model", ranker, data.vectorizer, data.label_uids, data.label_titles, config)
    # Before it counts as finished: a run killed in between tells it again.
    for callback in callbacks:
        callback.on_run_end(metrics)
    write_json(out / "metrics.json", metrics)
    shutil.rmtree(out / _STATE, ignore_errors=True)
    return metrics


def _finished(out: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """The metrics of a finished run, if it is the one that is asked for."""
    path = out / "metrics.json"
    if not path.is_file():
        return None
    metrics = read_json(path)
    own = {**metrics, "version": metrics.get("versions", {}).get("xcgraph")}
    wrong = [name for name, value in identity.items() if own.get(name) != value]
    if wrong:
        raise ValueError(_mismatch(out, wrong))
    shutil.rmtree(out / _STATE, ignore_errors=True)  # a kill may have come just before this
    return metrics


def _mismatch(out: Path, wrong: list[str]) -> str:
    return (
        f"{out}: the run to resume differs in its {' and '.join(wrong)}; "
        "repeat its options, or start anew without --resume"
    )


def _prepare(out: Path, identity: dict[str, Any], resume: bool) -> None:
    """Starts anew, or makes sure that what is there can be continued."""
    path = out / _STATE / "run.json"
    if resume and path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))
        wrong = [name for name, value in identity.items() if stored.get(name) != value]
        if wrong:
            raise ValueError(_mismatch(out, wrong))
        return
    shutil.rmtree(out / _STATE, ignore_errors=True)
    for name in ("metrics.json", "log.jsonl"):
        (out / name).unlink(missing_ok=True)  # they would speak of another run
    shutil.rmtree(out / _EVENTS, ignore_errors=True)
    path.parent.mkdir(parents=True)
    write_json(path, identity)


def fingerprint(data: LFDataset) -> dict[str, Any]:
    """What tells one data set from another; json values."""
    return {
        "name": data.name,
        "train_documents": int(data.train_x.shape[0]),
        "test_documents": int(data.test_x.shape[0]),
        "labels": data.num_labels,
        "features": data.num_features,
        "train_pairs": int(data.train_y.nnz),
        "train_tokens": int(data.train_x.nnz),
        "label_tokens": int(data.label_x.nnz),
    }


def _predict(
    ranker: EnsembleRanker, data: LFDataset, device: torch.device
) -> tuple[np.ndarray, np.ndarray, float]:
    """The best 100 labels of each test document without filtered pairs, and the seconds it took."""
    pairs = data.test_filter
    test_x = CSR.from_scipy(data.test_x).to(device)
    start = time.perf_counter()
    index, score = ranker.predict(test_x, min(_DEPTH + most_pairs(pairs), data.num_labels))
    seconds = time.perf_counter() - start
    index, filtered = filter_predictions(index, score, pairs)
    assert filtered is not None
    return index[:, :_DEPTH], filtered[:, :_DEPTH], seconds


def save_predictions(path: Path, index: np.ndarray, score: np.ndarray, num_labels: int) -> None:
    """Writes ``predictions.npz``: :func:`predictions_matrix` of ranked labels and scores ``[N, k]``."""
    from scipy.sparse import save_npz

    matrix = predictions_matrix(index, score, num_labels)
    temporary = path.with_name(path.name + ".tmp.npz")
    save_npz(temporary, matrix)
    os.replace(temporary, path)


def predictions_matrix(index: np.ndarray, score: np.ndarray, num_labels: int) -> csr_matrix:
    """Ranked predictions ``[N, k]`` as scipy CSR ``[N, num_labels]``; places with index -1 are left out."""
    from scipy.sparse import csr_matrix

    real = index >= 0
    rowptr = np.concatenate([[0], np.cumsum(real.sum(axis=1))])
    matrix = csr_matrix(
        (score[real].astype(np.float32), index[real].astype(np.int64), rowptr), shape=(len(index), num_labels)
    )
    matrix.sort_indices()
    return matrix


def write_json(path: Path, value: Any) -> None:
    """Writes a json file that is whole or as it was."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def _versions() -> dict[str, str]:
    import scipy
    import sklearn
    import torch_geometric

    return {
        "xcgraph": xcgraph.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_geometric": torch_geometric.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }
