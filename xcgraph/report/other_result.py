"""Results of other methods, as ``compare`` and the scripts in ``benchmarks/`` keep them."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xcgraph.data import DataError
from xcgraph.data.read_json import read_json
from xcgraph.peers import COLUMNS, METRICS, PEERS, Row

#: Of a run and of a stored result, the same to so many percent points: results are kept rounded.
_ROUNDED = 1e-3


@dataclass(frozen=True)
class OtherResult:
    """One method on one data set.

    Args:
        row: what is shown of it.
        data: name of the data set.
        text: ``"all"`` or ``"title"``.
        sizes: of the data set, as a run's ``metrics.json`` has them, or empty where they are not known.
        per_decile: accuracy by label frequency, or empty.
    """

    row: Row
    data: str
    text: str
    sizes: dict[str, Any]
    per_decile: list[dict[str, Any]]

    def is_run(self, metrics: dict[str, Any]) -> bool:
        """Whether this was measured of the run that left these metrics."""
        if self.row.kind != "model":
            return False
        pairs = [(self.row.get(name), metrics[name]) for name in METRICS]
        pairs.append((self.row.get("train s"), metrics["train_seconds"]["total"]))
        return all(mine is not None and abs(mine - its) < _ROUNDED for mine, its in pairs)


def read_results(path: str | os.PathLike[str]) -> list[OtherResult]:
    """What a file or folder holds.

    Args:
        path: ``comparison.json``, as ``compare`` writes it, or the folder that holds one; a result as the scripts
            in ``benchmarks/`` keep them, or a folder of such.

    Raises:
        DataError: if there is nothing of the kind.
    """
    path = Path(path)
    if not path.is_dir():
        return _read(path)
    if (path / "comparison.json").is_file():
        return _read(path / "comparison.json")
    found = [result for file in sorted(path.glob("*.json")) for result in _read(file)]
    if not found:
        raise DataError("expected comparison.json, or results of benchmarks/ as .json, got none", path)
    return found


def _read(path: Path) -> list[OtherResult]:
    try:
        value = _load(path)
        if "rows" not in value:
            return [_of_result(value)]
        measured = [_of_comparison(path, value, row) for row in value["rows"] if row["kind"] != "published"]
        if not measured:
            raise ValueError("no measured rows")
        return measured
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        wanted = "what 'xcgraph-bench compare' or a script in benchmarks/ keeps"
        raise DataError(f"expected {wanted}, got something else", path) from error


def _of_comparison(path: Path, value: dict[str, Any], row: dict[str, Any]) -> OtherResult:
    metrics: dict[str, Any] = {}
    # The table is of the last call; what was measured of each peer lies beside it.
    beside = path.parent / row["name"] / "metrics.json"
    if row["kind"] == "peer" and row["name"] in PEERS and beside.is_file():
        metrics = _load(beside)
    shown = Row(str(row["name"]), row["kind"], _numbers(row["values"]), str(row.get("command", "")))
    return _checked(shown, value["data"], value["text"], metrics)


def _of_result(value: dict[str, Any]) -> OtherResult:
    name, measured = value["model"], {**value, **value["metrics"]}
    if name in PEERS:
        row = Row.measured(name, "peer", measured)
    else:
        changed = [f"{key}={changed}" for key, changed in value["changes"].items()]
        name = ", ".join([name, value["recipe"], *changed, f"seed {value['seed']}"])
        row = Row.measured(name, "model", measured)
    row = Row(row.name, row.kind, _numbers(row.values), row.command)
    return _checked(row, value["data"]["name"], value["text"], value)


def _checked(row: Row, data: Any, text: Any, metrics: dict[str, Any]) -> OtherResult:
    if row.kind not in ("model", "peer") or not isinstance(data, str) or text not in ("all", "title"):
        raise ValueError(f"{row.kind} on {data}, text {text}")
    deciles = [{name: float(each[name]) for name in ("decile", "R@5")} for each in metrics.get("per_decile", [])]
    return OtherResult(row, data, text, dict(metrics.get("data", {})), deciles)


def _numbers(values: Any) -> dict[str, float | None]:
    out: dict[str, float | None] = {}
    for name in COLUMNS:
        value = values.get(name)
        out[name] = None if value is None else float(value)
        if value is not None and not math.isfinite(float(value)):
            raise ValueError(f"{name} is {value}")
    return out


def _load(path: Path) -> dict[str, Any]:
    return dict(read_json(path))
