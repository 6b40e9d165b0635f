from __future__ import annotations

import json
from pathlib import Path

from xcgraph.report import FinishedRun, training_curves


def run_of(*records):
    return FinishedRun(Path("x"), {"model": "eclare"}, list(records))


def test_phases_and_instances():
    charts = training_curves(
        run_of(
            {"phase": "ranker 1/2", "epoch": 1, "loss": 3.0, "P@1": 10.0, "PSP@5": 5.0},
            {"phase": "ranker 1/2", "epoch": 2, "loss": 2.0, "P@1": 20.0, "PSP@5": 6.0},
            {"phase": "ranker 2/2", "epoch": 1, "loss": 2.5},
        )
    )
    loss, scores = charts
    assert {s.name: s.points for s in loss.series} == {
        "ranker 1/2": [(1, 3.0), (2, 2.0)],
        "ranker 2/2": [(1, 2.5)],
    }
    assert {s.name: s.points for s in scores.series} == {
        "P@1, ranker 1/2": [(1, 10.0), (2, 20.0)],
        "PSP@5, ranker 1/2": [(1, 5.0), (2, 6.0)],
    }


def test_without_validation_there_is_one_chart():
    (chart,) = training_curves(run_of({"phase": "ranker", "epoch": 1, "loss": 3.0}))
    assert chart.title == "Loss"


def test_what_is_no_number_is_left_out():
    nan = json.loads('{"phase": "ranker", "epoch": 1, "loss": NaN, "P@1": "x"}')
    assert training_curves(run_of(nan)) == [] and training_curves(run_of()) == []
    (chart,) = training_curves(run_of(nan, {"phase": "ranker", "epoch": 2, "loss": 1.0}))
    assert chart.series[0].points == [(2, 1.0)]
