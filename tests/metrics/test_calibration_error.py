from __future__ import annotations

import numpy as np
import pytest

from xcgraph.metrics import calibration_error


def test_by_hand():
    probability = np.array([0.1, 0.1, 0.6, 0.6])
    relevant = np.array([False, False, True, False])
    # Two bins: 0.1 against 0, and 0.6 against 1/2.
    assert calibration_error(probability, relevant, bins=2) == pytest.approx(100 * (0.1 + 0.1) / 2)
    # In one bin, what is too much here makes up for what is too little there.
    assert calibration_error(np.array([0.2, 0.8]), np.array([True, False]), bins=1) == 0
    assert calibration_error(np.array([0.2, 0.8]), np.array([True, False]), bins=2) == pytest.approx(80)


def test_the_order_of_pairs_does_not_matter():
    rng = np.random.default_rng(0)
    probability, relevant = rng.random(500).round(2), rng.random(500) < 0.3
    order = rng.permutation(500)
    assert calibration_error(probability[order], relevant[order]) == pytest.approx(
        calibration_error(probability, relevant)
    )


def test_equal_probabilities_share_a_bin():
    relevant = np.arange(60) % 3 == 0
    assert calibration_error(np.full(60, 1 / 3), relevant) == pytest.approx(0)
    assert calibration_error(np.full(60, 1 / 3), np.sort(relevant)) == pytest.approx(0)


def test_probabilities_that_hold():
    rng = np.random.default_rng(1)
    probability = rng.random(200_000) ** 3
    relevant = rng.random(200_000) < probability
    assert calibration_error(probability, relevant) < 0.5
    assert calibration_error(probability / 2, relevant) == pytest.approx(12.5, abs=0.5)


def test_fewer_pairs_than_bins():
    assert calibration_error(np.array([0.25]), np.array([True])) == pytest.approx(75)
    assert np.isnan(calibration_error(np.empty(0), np.empty(0, dtype=bool)))


def test_mistakes():
    with pytest.raises(ValueError, match=r"expected two arrays \[M\] and at least one bin, got \(2,\), \(3,\)"):
        calibration_error(np.zeros(2), np.zeros(3, dtype=bool))
    with pytest.raises(ValueError, match="at least one bin"):
        calibration_error(np.zeros(2), np.zeros(2, dtype=bool), bins=0)
