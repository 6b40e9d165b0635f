"""On planted data both models do far better than ranking labels by frequency."""

from __future__ import annotations

import numpy as np
import pytest

from xcgraph.datasets.planted import planted_matrices
from xcgraph.metrics import Evaluator
from xcgraph.training import make_settings, run_benchmark


@pytest.fixture(scope="module")
def data():
    return planted_matrices(300, num_train=1000, num_test=300)


@pytest.fixture(scope="module")
def by_frequency(data):
    evaluator = Evaluator(data.train_y, data.propensity)
    order = np.argsort(-evaluator.frequency, kind="stable")[:100]
    return evaluator.evaluate(np.tile(order, (300, 1)), None, data.test_y)


@pytest.mark.parametrize("scoring", ["all", "shortlist"])
@pytest.mark.parametrize("model", ["eclare", "decaf"])
def test_far_better_than_frequency(data, by_frequency, tmp_path, model, scoring):
    settings = make_settings(model, "default", {"dim": 32, "instances": 1, "scoring": scoring})
    metrics = run_benchmark(data, tmp_path, model=model, settings=settings)
    assert by_frequency["P@1"] < 15 and by_frequency["PSP@5"] < 10
    # About 70 and 50.
    assert metrics["P@1"] > 60 and metrics["PSP@5"] > 42


@pytest.mark.slow
@pytest.mark.parametrize("model", ["eclare", "decaf"])
def test_the_paper_recipe(data, tmp_path, model):
    # Of few documents there are few steps: smaller batches make up for some, larger rates for the others.
    changes = {"dim": 48, "instances": 1, "beam": 10, "batch_size": 32, "surrogate_learning_rate": 0.02}
    changes |= {"surrogate_epochs": 5, "shortlister_epochs": 3, "ranker_epochs": 4, "ranker_learning_rate": 0.02}
    settings = make_settings(model, "paper", changes)
    metrics = run_benchmark(data, tmp_path, model=model, recipe="paper", settings=settings)
    assert metrics["P@1"] > 55 and metrics["PSP@5"] > 36
