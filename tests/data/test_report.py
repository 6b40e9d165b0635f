import logging

import pytest

from xcgraph.data import DataError
from xcgraph.data.report import Report


def test_report_raises_errors():
    with pytest.raises(DataError, match=r"^a/b\.txt:3: wrong$"):
        Report().error("a/b.txt", 3, "wrong")


def test_report_counts_warnings(caplog):
    report = Report()
    report.warning("a/b.txt", 7, "one", "things")
    report.warning("a/b.txt", 9, "two", "things")
    report.warning("a/c.txt", None, "three", "things")
    report.warning("a/b.txt", 1, "four", "other things")
    assert list(report.counted()) == [
        ("a/b.txt", "things", 2, 7),
        ("a/c.txt", "things", 1, None),
        ("a/b.txt", "other things", 1, 1),
    ]
    with caplog.at_level(logging.WARNING):
        report.flush()
        report.flush()
    assert caplog.messages == [
        "b.txt: 2 things (first: line 7)",
        "c.txt: 1 things",
        "b.txt: 1 other things (first: line 1)",
    ]
    assert list(report.counted()) == []
