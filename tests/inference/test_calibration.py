from __future__ import annotations

import json
import math

import numpy as np
import pytest

from xcgraph.inference import Calibration
from xcgraph.inference.calibration import LIMIT, log_odds

PLATT = Calibration(0.0, [-LIMIT, LIMIT], [0.5 * -LIMIT - 1, 0.5 * LIMIT - 1])
STEPS = Calibration(0, [-4.0, -1.0, 0.0, 2.5], [-6.0, -2.0, -2.0, 1.0])
SCORES = np.concatenate([[0.0, 1e-30, 1e-8], np.linspace(1e-6, 1 - 1e-6, 2001), [1 - 1e-8, 1.0]])


def test_log_odds():
    np.testing.assert_allclose(log_odds(np.array([0.5, 0.75, 0.25])), [0, math.log(3), -math.log(3)])
    # What rounding makes of 0 and 1, in float32.
    assert log_odds(np.array([0.0, -1e-9, 1.0, 1 + 1e-6], dtype=np.float32)).tolist() == [-16, -16, 16, 16]


@pytest.mark.parametrize("calibration", [PLATT, STEPS, Calibration(0.0, [0.0], [-1.0])])
def test_monotone_and_bounded(calibration):
    mapped = calibration(SCORES)
    assert (np.diff(mapped) >= 0).all() and mapped.min() >= 0 and mapped.max() <= 1
    assert calibration(SCORES.astype(np.float32).reshape(2, -1)).shape == (2, len(SCORES) // 2)


def test_values():
    score = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(PLATT(score), 1 / (1 + np.exp(1 - 0.5 * np.log(score / (1 - score)))))
    # A knot, a plateau, half way between knots, and beyond the ends.
    x = np.array([2.5, -0.5, 1.25, -9.0, 9.0])
    np.testing.assert_allclose(log_odds(STEPS(1 / (1 + np.exp(-x)))), [1.0, -2.0, -0.5, -6.0, 1.0])


def test_ranks():
    """The same score says less at a lower rank; best first, the order stays."""
    ranked = Calibration(-2.0, [-50.0, 50.0], [-25.0, 25.0])
    score = np.array([[0.9, 0.9, 0.5], [0.2, 0.1, 0.0]])
    mapped = ranked(score)
    np.testing.assert_allclose(log_odds(mapped[0]), 0.5 * log_odds(score[0]) - np.log([1, 2, 3]))
    assert (np.diff(mapped, axis=1) <= 0).all()
    # What is said of the best does not depend on how many were asked for.
    assert (ranked(score[:, :2]) == mapped[:, :2]).all()


def test_identity():
    np.testing.assert_allclose(Calibration(0.0, [-LIMIT, LIMIT], [-LIMIT, LIMIT])(SCORES), SCORES, atol=2e-7)


def test_as_json():
    stored = json.loads(json.dumps({"calibration": STEPS.as_config()}))
    again = Calibration.from_config(stored)
    assert (again(SCORES) == STEPS(SCORES)).all() and repr(again) == "Calibration(4 knots)"
    assert Calibration.from_config({}) is None


@pytest.mark.parametrize(
    "stored",
    [
        7,
        [],
        {},
        {"rank": 0.0, "log_odds": [0.0]},
        {"rank": 0.0, "log_odds": [0.0], "calibrated": [0.0], "more": 1},
        {"rank": 0.0, "log_odds": [], "calibrated": []},
        {"rank": 0.0, "log_odds": [0.0, 1.0], "calibrated": [0.0]},
        {"rank": 0.0, "log_odds": [1.0, 0.0], "calibrated": [0.0, 1.0]},
        {"rank": 0.0, "log_odds": [0.0, 0.0], "calibrated": [0.0, 1.0]},
        {"rank": 0.0, "log_odds": [0.0, 1.0], "calibrated": [1.0, 0.0]},
        {"rank": 0.0, "log_odds": [0.0, math.nan], "calibrated": [0.0, 1.0]},
        {"rank": 0.0, "log_odds": [0.0, 1.0], "calibrated": [0.0, math.inf]},
        {"rank": 0.0, "log_odds": [0.0, 1.0], "calibrated": [0.0, 10**400]},
        {"log_odds": [0.0], "calibrated": [0.0]},
        {"rank": 0.1, "log_odds": [0.0], "calibrated": [0.0]},
        {"rank": math.nan, "log_odds": [0.0], "calibrated": [0.0]},
        {"rank": -math.inf, "log_odds": [0.0], "calibrated": [0.0]},
        {"rank": None, "log_odds": [0.0], "calibrated": [0.0]},
        {"rank": 0.0, "log_odds": ["0.0"], "calibrated": [0.0]},
        {"rank": 0.0, "log_odds": [True], "calibrated": [0.0]},
        {"rank": 0.0, "log_odds": [[0.0]], "calibrated": [0.0]},
        {"rank": 0.0, "log_odds": "0", "calibrated": [0.0]},
        {"rank": 0.0, "log_odds": None, "calibrated": None},
    ],
)
def test_what_is_no_calibration(stored):
    with pytest.raises(ValueError, match=r"expected .*calibrat"):
        Calibration.from_config({"calibration": stored})
