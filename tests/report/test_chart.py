from __future__ import annotations

import json

from xcgraph.report import Axis, Chart, Series
from xcgraph.report.chart import span


def test_numbers_of_all_series_by_place():
    chart = Chart(
        "t", "lines", Axis("epoch"), Axis("loss"), [Series("a", [(2, 0.5), (1, 1.0)]), Series("b", [(3, 2.0)])]
    )
    assert chart.table() == (["epoch", "a", "b"], [["1", 1.0, None], ["2", 0.5, None], ["3", None, 2.0]])


def test_named_places():
    chart = Chart(
        "t", "bars", Axis("n", ticks=["0", "1–2"]), Axis("labels"), [Series("a", [(1.0, 5.0), (2.0, 0.0)])]
    )
    assert chart.table()[1] == [["0", 5.0], ["1–2", 0.0]]


def test_json_names_everything():
    chart = Chart("t", "lines", Axis("x", True), Axis("y"), [Series("a", [(1, 2)], False)], zero=False)
    assert json.loads(json.dumps(chart.as_dict())) == {
        "title": "t",
        "kind": "lines",
        "x": {"label": "x", "log": True, "ticks": None},
        "y": {"label": "y", "log": False, "ticks": None},
        "series": [{"name": "a", "points": [[1, 2]], "shown": False}],
        "zero": False,
    }


def test_span():
    assert (span(3, 3), span(1000, 2000)) == ("3", "1,000–2,000")
