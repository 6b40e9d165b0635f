"""How a run went, epoch by epoch."""

from __future__ import annotations

import math

from .chart import Axis, Chart, Series
from .finished_run import FinishedRun

_METRICS = ("P@1", "PSP@5")
_EPOCH = Axis("epoch")


def training_curves(run: FinishedRun) -> list[Chart]:
    """Loss and validation metrics of each phase, from ``log.jsonl``.

    Values that are no numbers, such as the loss of a training that diverged, are left out. Charts without a point
    are not there: only the first instance has validation documents.
    """
    phases = list(dict.fromkeys(record["phase"] for record in run.log))
    loss = [Series(phase, _points(run, phase, "loss")) for phase in phases]
    scores = [Series(f"{metric}, {phase}", _points(run, phase, metric)) for phase in phases for metric in _METRICS]
    charts = [
        Chart("Loss", "lines", _EPOCH, Axis("mean loss of an epoch"), loss),
        Chart("Validation documents", "lines", _EPOCH, Axis("percent"), scores, zero=False),
    ]
    charts = [
        Chart(c.title, c.kind, c.x, c.y, [series for series in c.series if series.points], c.zero) for c in charts
    ]
    return [chart for chart in charts if chart.series]


def _points(run: FinishedRun, phase: str, name: str) -> list[tuple[float, float]]:
    found = [(record["epoch"], record.get(name)) for record in run.log if record["phase"] == phase]
    return [
        (epoch, round(value, 4))
        for epoch, value in found
        if isinstance(value, (int, float)) and math.isfinite(value)
    ]
