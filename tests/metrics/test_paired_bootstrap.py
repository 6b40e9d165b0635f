"""Contributions add up to what the evaluator says, of all documents and of any that are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.data import LFDataset
from xcgraph.metrics import Evaluator, paired_bootstrap

NUM_DOCUMENTS, NUM_LABELS = 60, 30
NAMES = [f"{metric}@{k}" for metric in ("P", "PSP") for k in (1, 3, 5)]


def random_matrix(rng, num_rows, density):
    dense = rng.random((num_rows, NUM_LABELS)) * (rng.random((num_rows, NUM_LABELS)) < density)
    return csr_matrix(dense.astype(np.float32))


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    train_y, test_y = random_matrix(rng, 80, 0.1), random_matrix(rng, NUM_DOCUMENTS, 0.1)
    train_y.data[:], test_y.data[:] = 1.0, 1.0
    pairs = np.unique(
        np.stack([rng.integers(NUM_DOCUMENTS, size=40), rng.integers(NUM_LABELS, size=40)], 1), axis=0
    )
    train_x, test_x, label_x = (csr_matrix((n, 1), dtype=np.float32) for n in (80, NUM_DOCUMENTS, NUM_LABELS))
    return LFDataset("tiny", train_x, test_x, label_x, train_y, test_y, test_filter=pairs)


def contributions(data, predictions):
    evaluator = Evaluator(data.train_y, data.propensity)
    return evaluator.contributions(predictions, None, data.test_y, data.test_filter)


@pytest.mark.parametrize("density", [0.0, 0.1, 0.5])  # 0.1: many documents have fewer than five predictions
def test_ratios_of_sums_are_what_the_evaluator_says(data, density):
    predictions = random_matrix(np.random.default_rng(1), NUM_DOCUMENTS, density)
    direct = Evaluator(data.train_y, data.propensity).evaluate(predictions, None, data.test_y, data.test_filter)
    found = contributions(data, predictions)
    assert list(found) == NAMES
    for name, (gained, best) in found.items():
        assert gained.shape == (NUM_DOCUMENTS,)
        assert 100 * gained.sum() / best.sum() == pytest.approx(direct[name])


def test_each_resample_is_an_evaluation_of_the_drawn_documents(data):
    rng = np.random.default_rng(2)
    one, other = (random_matrix(rng, NUM_DOCUMENTS, 0.5) for _ in range(2))
    draws = np.random.default_rng(7)
    evaluator = Evaluator(data.train_y, data.propensity)
    expected = []
    for _ in range(20):
        rows = draws.integers(NUM_DOCUMENTS, size=NUM_DOCUMENTS)
        pairs = [(new, label) for new, row in enumerate(rows) for r, label in data.test_filter if r == row]
        values = [
            evaluator.evaluate(side[rows], None, data.test_y[rows], np.array(pairs)) for side in (one, other)
        ]
        expected.append([values[0][name] - values[1][name] for name in NAMES])
    sides = [[contributions(data, side)] for side in (one, other)]
    found = paired_bootstrap(*sides, resamples=20, seed=7)
    low, high = np.percentile(expected, [2.5, 97.5], axis=0)
    assert [found[name]["low"] for name in NAMES] == pytest.approx(low, abs=1e-3)
    assert [found[name]["high"] for name in NAMES] == pytest.approx(high, abs=1e-3)


def test_equal_sides_differ_by_nothing(data):
    side = [contributions(data, random_matrix(np.random.default_rng(3), NUM_DOCUMENTS, 0.5))]
    for found in paired_bootstrap(side, side).values():
        assert found == {"difference": 0.0, "low": 0.0, "high": 0.0}


def test_mean_over_seeds_and_same_draws_again(data):
    rng = np.random.default_rng(4)
    a, b, c = (contributions(data, random_matrix(rng, NUM_DOCUMENTS, 0.5)) for _ in range(3))
    found = paired_bootstrap([a, b], [c, c])
    single = [paired_bootstrap([side], [c])["PSP@5"]["difference"] for side in (a, b)]
    assert found["PSP@5"]["difference"] == pytest.approx(np.mean(single), abs=1e-3)
    assert found["PSP@5"]["low"] < found["PSP@5"]["difference"] < found["PSP@5"]["high"]
    assert paired_bootstrap([a, b], [c, c]) == found


def test_sides_must_fit(data):
    side = contributions(data, random_matrix(np.random.default_rng(5), NUM_DOCUMENTS, 0.5))
    fewer = {name: values[:, :-1] for name, values in side.items()}
    other_metrics = {name: values for name, values in side.items() if name != "P@1"}
    for ours, others in (([side], []), ([side], [fewer]), ([], []), ([side], [other_metrics])):
        with pytest.raises(ValueError, match="equally many seeds"):
            paired_bootstrap(ours, others)
