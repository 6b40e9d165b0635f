from __future__ import annotations

import pytest

from xcgraph.datasets import PublishedResult
from xcgraph.peers import COLUMNS, METRICS, Comparison, Row


def row(name, kind, **values):
    return Row(name, kind, {key.replace("_at_", "@").replace("_", " "): value for key, value in values.items()})


ROWS = [
    row("ours", "model", P_at_1=44.0, PSP_at_1=20.0, train_s=9.0),
    row("a", "peer", P_at_1=40.0, PSP_at_1=25.0, train_s=1.0),
    row("b", "peer", P_at_1=44.0, PSP_at_1=10.0, train_s=None),
    row("paper", "published", P_at_1=90.0, train_s=0.1),
]


def test_best():
    assert Comparison(ROWS).best() == {(0, "P@1"), (2, "P@1"), (1, "PSP@1"), (1, "train s")}
    assert Comparison(ROWS[:1]).best() == Comparison([ROWS[0], ROWS[3]]).best() == set()


def test_gains():
    found = Comparison(ROWS).gains()
    assert list(found) == ["ours"] and list(found["ours"]) == ["P@1", "PSP@1"]
    assert found["ours"]["P@1"] == (pytest.approx(0.0), "b")
    assert found["ours"]["PSP@1"] == (pytest.approx(-20.0), "a")
    assert Comparison(ROWS[:1]).gains() == Comparison(ROWS[1:]).gains() == {}
    useless = row("c", "peer", P_at_1=0.0)
    assert Comparison([ROWS[0], useless]).gains() == {"ours": {}}


def test_row_of_metrics():
    metrics = {name: float(i) for i, name in enumerate(METRICS)}
    metrics |= {"train_seconds": {"total": 3.0}, "peak_rss_mb": 5.0, "predict_ms_batch": 0.1, "command": "go"}
    found = Row.measured("x", "peer", metrics)
    assert found.command == "go" and found.get("train s") == 3.0 and found.get("model MB") is None
    found = Row.measured("x", "model", {**metrics, "model_bytes": 2_500_000, "query_ms": {"p50": 0.7, "p99": 1.0}})
    assert [found.get(column) for column in COLUMNS[-5:]] == [3.0, 5.0, 2.5, 0.7, 0.1]


def test_row_of_a_published_table():
    found = Row.published(PublishedResult("X", {"P@1": 40.0}, 1.5, 2.0, "one GPU", "a page", "as printed"))
    assert (found.name, found.kind) == ("X (published)", "published")
    assert [found.get(name) for name in ("P@1", "P@3", "train s", "model MB")] == [40.0, None, 7200.0, 1500.0]
    assert found.source == "a page, one GPU, as printed"
    assert Row.published(PublishedResult("X", {}, None, None, None, "a page")).get("train s") is None
