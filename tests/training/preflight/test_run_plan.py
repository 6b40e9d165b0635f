from __future__ import annotations

import dataclasses

import pytest

from xcgraph.training import make_settings
from xcgraph.training.preflight import ProblemSize, Rates, RunPlan

SIZE = ProblemSize(2_000_000, 900_000, 1_000_000, 100_000, 14_000_000, 6_000_000, 5_000_000, 4_600_000)
RATES = Rates(flops=1e10, gather=1e9, elements=1e9, steps=1e6)
SMALL = {
    "scoring": "shortlist",
    "batch_size": 256,
    "epoch_steps": 10**9,
    "dim": 64,
    "max_table": 10**12,
    "cluster_size": 64,
    "validation_fraction": 0.0,
}


def plan(size=SIZE, model="eclare", recipe="default", **changes):
    if recipe == "default":
        changes = {**SMALL, **changes}
    return RunPlan(size, make_settings(model, recipe, changes), model, recipe)


def peak(**options):
    return max(plan(**options).memory().values())


def test_a_table_more_costs_its_bytes():
    """Parameters, two moments and the old copy of hops: what 64 dimensions more take in module IV."""
    table = (SIZE.labels + SIZE.tokens) * 64 * 4
    hops = SIZE.labels * 64 * 4
    small, large = (plan(dim=dim).memory()["ranker"] for dim in (64, 128))
    # And embeddings of the labels of one step, there and back.
    assert 3 * table + hops < large - small < 1.1 * (3 * table + hops)
    small, large = (
        plan(dim=dim, optimizer_state="rowwise", hops="sampled").memory()["ranker"] for dim in (64, 128)
    )
    assert 2 * table < large - small < 1.4 * 2 * table  # of their neighbours too


@pytest.mark.parametrize(
    ("change", "other"),
    [
        ({"optimizer_state": "rowwise"}, {}),
        ({"hops": "sampled"}, {"hops": "stale"}),
        ({"hops": "frozen", "frozen_hops": "disk"}, {"hops": "frozen"}),
        ({"batch_size": 64}, {"batch_size": 4096}),
        ({"dim": 32}, {}),
        ({"instances": 1, "fusion": False}, {"instances": 4, "fusion": False}),
    ],
)
def test_what_saves_memory(change, other):
    cheap, dear = plan(**change).memory(), plan(**other).memory()
    part = "predict" if "instances" in change else "ranker"
    assert cheap[part] < dear[part]


def test_hops_on_disk_are_counted_there():
    on_disk = plan(hops="frozen", frozen_hops="disk").disk()
    assert on_disk["frozen hops"] == SIZE.labels * 2 * 64 * 4
    assert "frozen hops" not in plan(hops="stale", frozen_hops="disk").disk()


def test_memory_grows_with_each_size():
    for field in dataclasses.fields(SIZE):
        more = dataclasses.replace(SIZE, **{field.name: 4 * getattr(SIZE, field.name)})
        assert peak(size=more) > peak(), field.name


def test_time_follows_the_rates_and_the_work():
    slow = Rates(*(value / 2 for value in dataclasses.astuple(RATES)))
    seconds, twice = plan().seconds(RATES), plan().seconds(slow)
    assert twice == pytest.approx({name: 2 * value for name, value in seconds.items()})
    assert set(seconds) == {"graph", "clustering", "surrogate", "shortlister", "shortlists", "ranker", "predict"}
    assert plan(instances=4).seconds(RATES)["ranker"] == pytest.approx(2 * seconds["ranker"])
    # A step costs the labels that it scores, not L.
    assert plan().step_seconds(RATES, 10**6, 16) == plan().step_seconds(RATES, 10**7, 16)


def test_scoring_all_labels_has_one_phase():
    size = dataclasses.replace(SIZE, labels=5000)
    found = plan(size=size, scoring="all")
    assert set(found.seconds(RATES)) == {"graph", "ranker", "predict"}
    assert set(found.memory()) == {"data", "graph", "ranker", "predict", "fusion"}


def test_decaf_has_no_graph():
    found = plan(model="decaf")
    assert "graph" not in found.memory() and "graph" not in found.seconds(RATES)
    assert found.memory()["ranker"] < plan().memory()["ranker"]


@pytest.mark.parametrize("model", ["eclare", "decaf"])
def test_paper_recipe(model):
    found = plan(model=model, recipe="paper", instances=1)
    assert found.frozen == (model == "eclare")
    assert min(found.seconds(RATES).values()) > 0 and min(found.memory().values()) > 0
