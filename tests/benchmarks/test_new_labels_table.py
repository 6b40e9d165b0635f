from __future__ import annotations

import pytest


@pytest.fixture
def tables():
    import new_labels_table

    return new_labels_table


def result(tables, seed: int, **recall: float) -> dict:
    methods = {
        name: {metric: recall.get(name.split(",")[0], 10.0) for metric in tables._METRICS}
        for name in tables.METHODS
    }
    return {
        "command": f"python benchmarks/new_labels.py mine --text title --seeds {seed} --fraction 0.1",
        "data": {"name": "mine"}, "text": "title", "seed": seed, "methods": methods,
        "sizes": {"labels": 1000, "hidden": 100}, "note": "other jobs ran beside",
    }  # fmt: skip


def test_nothing_is_stored(tables):
    assert tables.new_labels_sections([]) == []


def test_means_over_seeds_and_ratios(tables):
    results = [result(tables, 4, text=10.0, added=30.0), result(tables, 3, text=20.0, added=20.0)]
    text = "\n".join(tables.new_labels_sections(results))
    assert "| added by their titles | 25.0 ± 7.1 |" in text and "100 of 1,000 labels" in text
    assert "added by their titles: 2.0 times (by seed 1.0, 3.0)" in text
    assert text.count("$ python") == 1 and "--seeds 3,4 --fraction 0.1" in text
    assert "Note: other jobs ran beside." in text


def test_one_seed_has_no_deviation(tables):
    text = "\n".join(tables.new_labels_sections([result(tables, 0)]))
    assert "| trained with all | 10.0 | 10.0 |" in text
