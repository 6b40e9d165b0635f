"""Runs that take a fraction of a second."""

from __future__ import annotations

import pytest
import torch

from xcgraph.testing import tiny_dataset
from xcgraph.training import make_settings

#: As small as a run can be and still have several steps an epoch and several epochs a phase.
SMALL = {
    "dim": 8,
    "walk_length": 20,
    "batch_size": 16,
    "negatives": 4,
    "min_epochs": 3,
    "max_epochs": 3,
    "surrogate_epochs": 2,
    "shortlister_epochs": 2,
    "ranker_epochs": 2,
    "beam": 2,
    "hard_negatives": 2,
    "instances": 1,
    "fusion": False,  # evaluates some thirty rankers
}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def tiny():
    """60 training documents, 20 test documents, 12 labels; not to be changed."""
    return tiny_dataset()


@pytest.fixture(scope="session")
def small():
    """Settings of a recipe, made small: ``small("eclare", "paper", instances=2)``."""

    def settings(model="eclare", recipe="default", **changes):
        return make_settings(model, recipe, {**SMALL, **changes})

    return settings
