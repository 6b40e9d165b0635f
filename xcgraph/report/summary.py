"""Runs beside other methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xcgraph.datasets import DATASETS, published_results
from xcgraph.peers import COLUMNS, METRICS, Comparison, Row
from xcgraph.peers.runners.protocol import folder_bytes

from .chart import Axis, Chart, Series, span
from .finished_run import FinishedRun
from .other_result import OtherResult
from .run_group import RunGroup

#: Of other methods, as many are drawn by label frequency at first, those of the best P@5.
_DRAWN = 3


def summary(group: RunGroup) -> dict[str, Any]:
    """The table of a group, and what is drawn of it.

    Returns:
        ``columns`` and ``metrics`` (how many of them are accuracy); ``rows``: ``name``, ``kind`` (``"model"``,
        ``"peer"`` or ``"published"``), ``values`` by column, ``best`` (columns in which no measured row is
        better), ``command``, ``source``; ``notes``: lines about them; ``deciles``: a :class:`Chart`.
    """
    others = [other for other in group.others if not any(other.is_run(run.metrics) for run in group.runs)]
    rows = [_row(run, group.others) for run in group.runs] + [other.row for other in others]
    published, notes = _published(group.sizes)
    comparison = Comparison([*rows, *published])
    best = comparison.best()
    if any(row.get("query ms") is None for row in rows[: len(group.runs)]):
        notes.append("A run does not time single queries: 'compare DATA --runs RUN' does, and --compare shows it.")
    return {
        "columns": list(COLUMNS),
        "metrics": len(METRICS),
        "rows": [
            {
                "name": row.name,
                "kind": row.kind,
                "values": {column: row.get(column) for column in COLUMNS},
                "best": [column for column in COLUMNS if (number, column) in best],
                "command": row.command,
                "source": row.source,
            }
            for number, row in enumerate(comparison.rows)
        ],
        "notes": notes,
        "deciles": _deciles(group.runs, others),
    }


def _row(run: FinishedRun, others: Sequence[OtherResult]) -> Row:
    """Of a run; what it does not know itself, from a comparison that it was part of."""
    row = Row.measured(run.name, "model", {**run.metrics, "model_bytes": folder_bytes(run.folder / "model")})
    known = {name: value for name, value in row.values.items() if value is not None}
    for other in others:
        if other.is_run(run.metrics):
            known = {**{k: v for k, v in other.row.values.items() if v is not None}, **known}
    return Row(row.name, row.kind, known, str(row.command))


def _published(sizes: dict[str, Any]) -> tuple[list[Row], list[str]]:
    """Published rows of a set of that name, where there are any, and what to know of them."""
    name = sizes["name"]
    found = published_results(name) if name in DATASETS else []
    if not found:
        return [], []
    notes = ["Published rows: other hardware, so that seconds cannot be compared."]
    info = DATASETS[name]
    if (sizes["labels"], sizes["test_documents"]) != (info.num_labels, info.num_test):
        notes.append(
            f"Published rows are of {info.num_labels:,} labels and {info.num_test:,} test documents, "
            f"these runs of {sizes['labels']:,} and {sizes['test_documents']:,}: they cannot be compared."
        )
    return [Row.published(result) for result in found], notes


def _deciles(runs: Sequence[FinishedRun], others: Sequence[OtherResult]) -> Chart:
    """Recall by label frequency, runs first."""
    deciles = runs[0].metrics["per_decile"]
    series = [Series(run.name, _recall(run.metrics["per_decile"])) for run in runs]
    known = [other for other in others if len(other.per_decile) == len(deciles)]
    drawn = sorted(known, key=lambda other: -(other.row.get("P@5") or 0.0))[:_DRAWN]
    series += [Series(other.row.name, _recall(other.per_decile), other in drawn) for other in known]
    ticks = [span(row["min_frequency"], row["max_frequency"]) for row in deciles]
    return Chart(
        "R@5 by label frequency",
        "lines",
        Axis("training documents a label, a tenth of the labels each", ticks=ticks),
        Axis("R@5, percent"),
        series,
    )


def _recall(deciles: Sequence[dict[str, Any]]) -> list[tuple[float, float]]:
    return [(place, round(row["R@5"], 2)) for place, row in enumerate(deciles, 1)]
