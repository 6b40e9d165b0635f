from __future__ import annotations

import pytest

from xcgraph.datasets import DATASETS, published_results

SETS = [name for name, info in DATASETS.items() if info.kind == "supplied"]
METRICS = {f"{name}@{k}" for name in ("P", "PSP") for k in (1, 3, 5)}


def find(name, method):
    return next(row for row in published_results(name) if row.method == method)


@pytest.mark.parametrize("name", SETS)
def test_every_set_has_both_methods_of_this_package(name):
    rows = published_results(name.lower())
    assert {"DECAF", "ECLARE", "Parabel"} <= {row.method for row in rows}
    assert len({row.method for row in rows}) == len(rows)
    for row in rows:
        assert set(row.metrics) <= METRICS and row.metrics and row.source
        assert all(0 < value < 100 for value in row.metrics.values())
        # Precision falls with k, since documents have few labels.
        found = [row.metrics[key] for key in ("P@1", "P@3", "P@5") if key in row.metrics]
        assert found == sorted(found, reverse=True)
        assert row.size_gb is None or row.size_gb < 100
    first = [row.metrics.get("P@1", 0.0) for row in rows]
    assert first == sorted(first, reverse=True)


def test_a_row():
    row = find("LF-AmazonTitles-131K", "ECLARE")
    expected = {"P@1": 40.74, "P@3": 27.54, "P@5": 19.88, "PSP@1": 33.51, "PSP@3": 39.55, "PSP@5": 44.70}
    assert row.metrics == expected and (row.size_gb, row.train_hours) == (0.72, 2.16)
    assert row.source == "Extreme Classification Repository" and row.hardware == "one V100 GPU"


def test_misprints_are_left_out():
    assert find("LF-Amazon-131K", "ECLARE").size_gb is None
    assert "P@5" not in find("LF-AmazonTitles-131K", "SiameseXML").metrics
    assert "paper has 5.8 GB" in find("LF-AmazonTitles-1.3M", "GalaXC").note


def test_sets_without_results():
    assert published_results("debian") == []
    with pytest.raises(ValueError, match="did you mean 'debian'"):
        published_results("debain")
