from __future__ import annotations

import pytest

from xcgraph.data import BuildReport


def test_means():
    report = BuildReport(4, 1, 4, 8, 1, 3, {"blue ones": 2_000, "red ones": 0})
    assert report.labels_per_document == pytest.approx(9 / 5)
    assert report.documents_per_label == 2
    assert report.tail_share == 75
    assert str(report).startswith(
        "4 training and 1 test documents, 4 labels, 1.80 labels a document, 2.00 training"
    )
    assert str(report).endswith("75.0 % of labels with fewer than five; left out: 2,000 blue ones")


def test_nothing():
    assert BuildReport(0, 0, 0, 0, 0, 0).labels_per_document == 0
