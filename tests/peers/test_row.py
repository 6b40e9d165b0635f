from __future__ import annotations

from xcgraph.datasets import PublishedResult
from xcgraph.peers import COLUMNS, METRICS, Row


def test_row_of_metrics():
    metrics = {name: float(i) for i, name in enumerate(METRICS)}
    metrics |= {"train_seconds": {"total": 3.0}, "peak_rss_mb": 5.0, "predict_ms_batch": 0.1, "command": "go"}
    found = Row.measured("x", "peer", metrics)
    assert found.command == "go" and found.get("train s") == 3.0 and found.get("model MB") is None
    found = Row.measured("x", "model", {**metrics, "model_bytes": 2_500_000, "query_ms": {"p50": 0.7, "p99": 1.0}})
    assert [found.get(column) for column in COLUMNS[-5:]] == [3.0, 5.0, 2.5, 0.7, 0.1]


def test_row_of_metrics_that_lack_some():
    found = Row.measured("x", "model", {"P@1": 40.0, "P@3": float("nan"), "train_seconds": {}})
    assert {column: found.get(column) for column in COLUMNS} == {**dict.fromkeys(COLUMNS), "P@1": 40.0}


def test_row_of_a_published_table():
    found = Row.published(PublishedResult("X", {"P@1": 40.0}, 1.5, 2.0, "one GPU", "a page", "as printed"))
    assert (found.name, found.kind) == ("X (published)", "published")
    assert [found.get(name) for name in ("P@1", "P@3", "train s", "model MB")] == [40.0, None, 7200.0, 1500.0]
    assert found.source == "a page, one GPU, as printed"
    assert Row.published(PublishedResult("X", {}, None, None, None, "a page")).get("train s") is None
