"""Runs that take a fraction of a second."""

from __future__ import annotations

import pytest

from xcgraph.training import make_settings

SMALL = {
    "dim": 8,
    "walk_length": 20,
    "batch_size": 32,
    "negatives": 4,
    "min_epochs": 2,
    "max_epochs": 3,
    "patience": 1,
    "validation_fraction": 0.2,
    "surrogate_epochs": 2,
    "shortlister_epochs": 1,
    "ranker_epochs": 2,
    "beam": 2,
    "hard_negatives": 2,
    "instances": 1,
    "fusion": False,  # evaluates some thirty rankers
}


@pytest.fixture(scope="session")
def small():
    """Settings of a recipe, made small: ``small("eclare", "paper", instances=2)``."""

    def settings(model="eclare", recipe="default", **changes):
        return make_settings(model, recipe, {**SMALL, **changes})

    return settings
