from __future__ import annotations

import pytest

COMMON = {
    "command": "python benchmarks/some.py",
    "machine": {"cpu": "a CPU", "cores": 2, "memory_gb": 8.0, "threads": 1, "system": "Linux"},
    "date": "2026-11-25",
    "commit": "0" * 40,
    "dirty": False,
    "versions": {"xcgraph": "0.1", "torch": "2.13.0"},
}


@pytest.fixture
def tables():
    import scale_tables

    return scale_tables


def seconds(median: float) -> dict:
    return {"lower_quartile": median / 2, "median": median, "upper_quartile": 2 * median}


@pytest.fixture
def sampler(tables):
    sides = (tables.OTHER, *tables.OURS)
    found = {s: {"seconds": seconds(0.01 * (i + 1)), "batches_a_second": 50.0} for i, s in enumerate(sides)}
    return [
        {
            **COMMON, "nodes": nodes, "fan_outs": fan_outs, "batch_size": 1024, "batches": 7,
            "sides": found,
            "times_as_fast": dict(zip(tables.OURS, (6.04, 3.0), strict=True)),
            "growth": {"from_nodes": 100, **dict.fromkeys(sides, 1.25)},
        }
        for fan_outs in ([10, 10], [10])
        for nodes in (100, 100000)
    ]  # fmt: skip


def test_nothing_is_stored(tables):
    assert tables.scale_sections() == []


def test_sampling(tables, sampler):
    text = "\n".join(tables.scale_sections(sampler))
    rows = [line for line in text.splitlines() if line.startswith("| 100")]
    assert len(rows) == 12 and "[10]" in rows[0] and "[10, 10]" in rows[-1]
    assert f"{tables.OURS[0]} | 0.0200 (0.0100 to 0.0400) | 50.0 | 6.0 | 1.25 |" in rows[1]
    assert text.count("$ python benchmarks/some.py") == 1 and f"images/{tables.SAMPLER_PLOT}" in text


def test_plot_of_sampling(tables, sampler):
    pytest.importorskip("matplotlib", reason="matplotlib is optional: pip install '.[bench]'")
    from plots import draw_sampler

    plots = draw_sampler(sampler)
    assert list(plots) == [tables.SAMPLER_PLOT] and plots[tables.SAMPLER_PLOT][:4] == b"\x89PNG"
    assert plots == draw_sampler(sampler) and draw_sampler([]) == {}


def test_building_and_training(tables):
    walk = {"seconds": {"lowest": 1.0, "median": 2.0, "highest": 4.0}, "peak_mb": 2000.4, "added_mb": 12.0}
    build = {
        **COMMON, "labels": 1000, "note": "other jobs ran beside",
        "builders": {"walk": walk},
    }  # fmt: skip
    ladder = {
        **COMMON, "command": "python benchmarks/scale.py --labels 1000 --epoch --set dim=32", "labels": 1000,
        "documents": 2000, "steps": 120, "warm_up": 20, "settings": {"dim": 32, "batch_size": 256},
        "step_growth": {"times": 1.1}, "peak_mb": 900.0, "predicted_mb": {"data": 500.0, "ranker": 990.0},
        "predicted_over_measured": 1.1,
        "phases": {
            "ranker": {"step": {**seconds(0.02), "labels": 77}, "seconds": 3.0, "peak_mb": 900.0, "steps": 120},
            "vectors of 1000": {"seconds": 0.5, "peak_mb": 800.0},
        },
    }  # fmt: skip
    text = "\n".join(tables.scale_sections([], [build], [ladder]))
    assert (
        "| 1,000 | planted | walk | 2.0 (1.0 to 4.0) | 2,000 | 12 |" in text
        and "Note: other jobs ran beside." in text
    )
    assert "| `--epoch` `dim=32` | 120 | 77 | 0.0200 (0.0100 to 0.0400) | 1.10 | 900 | 990 | 1.10 |" in text
    assert "| label vectors | 0.5 | 800 |" in text and "Sampling" not in text
