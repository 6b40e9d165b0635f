"""A finished run as a report reads it."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xcgraph.data import DataError, LFDataset
from xcgraph.metrics import read_predictions
from xcgraph.peers import METRICS, read_metrics

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from xcgraph.inference import StoredModel

_SIZES = ("train_documents", "test_documents", "labels", "features")
_DECILE = ("decile", "labels", "min_frequency", "max_frequency", "R@5")


@dataclass
class FinishedRun:
    """What ``xcgraph-bench run`` left in a folder. Predictions and model are read when they are asked for.

    Args:
        folder: of the run, as it was given.
        metrics: ``metrics.json``.
        log: lines of ``log.jsonl``.
    """

    folder: Path
    metrics: dict[str, Any]
    log: list[dict[str, Any]]

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> FinishedRun:
        """Reads a folder.

        Raises:
            DataError: if it is not that of a finished run, or one of its files is damaged.
        """
        folder = Path(folder)
        metrics = read_metrics(folder)
        _check(metrics, folder / "metrics.json")
        for name in ("log.jsonl", "predictions.npz"):
            if not (folder / name).is_file():
                raise DataError(f"expected {name} of a finished run, got none; run it again", folder)
        return cls(folder, metrics, _read_log(folder / "log.jsonl"))

    @property
    def name(self) -> str:
        """The model, and the folder as it was given."""
        return f"{self.metrics['model']} ({self.folder})"

    @cached_property
    def model(self) -> StoredModel:
        """The model, on the CPU.

        Raises:
            ValueError: if the folder is damaged, or newer than this package.
        """
        from xcgraph.inference import load_model

        return load_model(self.folder / "model")

    def predictions(self, data: LFDataset) -> csr_matrix:
        """Scores of the best labels of each test document, ``[N', L]``.

        Raises:
            DataError: if the file holds something else.
        """
        import numpy as np
        from scipy.sparse import issparse

        path = self.folder / "predictions.npz"
        try:
            matrix, _ = read_predictions(path)
        except ValueError as error:
            raise DataError(str(error), path) from error
        if not issparse(matrix) or matrix.shape != data.test_y.shape:
            got = f"{matrix.shape[0]} x {matrix.shape[1]}" if issparse(matrix) else "ranked arrays"
            wanted = "{} test documents x {} labels".format(*data.test_y.shape)
            raise DataError(f"expected scores of {wanted}, got {got}", path)
        if not np.isfinite(matrix.data).all():
            raise DataError("expected scores that are numbers, got NaN or infinity", path)
        return matrix


def _check(metrics: dict[str, Any], path: Path) -> None:
    """Makes sure that what a report cannot do without is there, and what it should be."""
    sizes, seconds, deciles = metrics["data"], metrics["train_seconds"], metrics.get("per_decile")
    numbers = {name: metrics.get(name) for name in METRICS}
    numbers |= {"train_seconds.total": None}
    numbers |= {f"train_seconds.{phase}": v for phase, v in seconds.items()}
    for place, row in enumerate(deciles if isinstance(deciles, list) and deciles else [None]):
        row = row if isinstance(row, dict) else {}
        numbers |= {f"per_decile[{place}].{name}": row.get(name) for name in _DECILE}
    for name, value in numbers.items():
        if not _is_number(value):
            raise DataError(f"expected {name!r} to be a number, got {value!r}", path)
    for name in _SIZES:
        if not _is_number(sizes.get(name)) or sizes[name] != abs(int(sizes[name])):
            raise DataError(f"expected 'data.{name}' to be a whole number, got {sizes.get(name)!r}", path)
    if not isinstance(sizes.get("name"), str):
        raise DataError(f"expected 'data.name' to be a text, got {sizes.get('name')!r}", path)
    for name in ("settings", "versions"):
        if not isinstance(metrics.setdefault(name, {}), dict):
            raise DataError(f"expected {name!r} to be an object, got {metrics[name]!r}", path)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _read_log(path: Path) -> list[dict[str, Any]]:
    records = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            record = json.loads(line)
            records.append({**record, "phase": str(record["phase"]), "epoch": int(record["epoch"])})
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"expected a JSON object with 'phase' and 'epoch', got {line[:40]!r}", path, number
            ) from error
    return records
