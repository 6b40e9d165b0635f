from __future__ import annotations

import numpy as np
import pytest

from xcgraph.metrics import calibration_error
from xcgraph.training.calibrate import fit_calibration


def planted(documents, distort, seed=0, k=20):
    """Scores that ``distort`` makes of the true probabilities, best first, and whether each came true."""
    rng = np.random.default_rng(seed)
    probability = np.sort(rng.beta(0.5, 3, size=(documents, k)), axis=1)[:, ::-1]
    return distort(probability), rng.random(probability.shape) < probability, probability


DISTORTIONS = {
    "overconfident": lambda p: p**3 / (p**3 + (1 - p) ** 3),
    "shares of one": lambda p: p / p.sum(axis=1, keepdims=True),
    "kinked": lambda p: np.where(p < 0.2, p / 20, 0.01 + (p - 0.2) / 1.3),
}


@pytest.mark.parametrize("name", DISTORTIONS)
def test_the_error_falls(name):
    score, relevant, _ = planted(3000, DISTORTIONS[name])
    calibration, report = fit_calibration(score, relevant)
    assert report["documents"] == 3000 and report["kind"] in ("platt", "isotonic")
    for rank in ("ECE@1", "ECE@5"):
        assert report["before"][rank] > 3
    assert report["after"]["ECE@5"] < 2
    # And so on documents that the map was not fitted to, by as much as was said.
    score, relevant, _ = planted(3000, DISTORTIONS[name], seed=1)
    error = calibration_error(calibration(score[:, :5]).ravel(), relevant[:, :5].ravel())
    assert error == pytest.approx(report["after"]["ECE@5"], abs=1)


def test_the_true_map_is_found():
    score, relevant, probability = planted(5000, DISTORTIONS["overconfident"])
    calibration, _ = fit_calibration(score, relevant)
    assert np.abs(calibration(score) - probability).mean() < 0.01


def test_a_kink_needs_more_than_two_parameters():
    assert fit_calibration(*planted(5000, DISTORTIONS["kinked"])[:2])[1]["kind"] == "isotonic"


def test_competing_scores():
    """Where the same score says less at a lower rank, all ranks are mapped well."""
    score, relevant, _ = planted(4000, lambda p: p / (p.sum(axis=1, keepdims=True) + 1e-9))
    calibration, _ = fit_calibration(score, relevant)
    mapped = calibration(score)
    assert calibration.rank < 0
    for ranks in (slice(0, 1), slice(1, 3), slice(3, 8), slice(8, 20)):
        assert abs(mapped[:, ranks].mean() - relevant[:, ranks].mean()) < 0.04
    assert (np.diff(mapped, axis=1) <= 0).all()


def test_few_documents():
    """Too little for an isotonic map, then for any."""
    score, relevant, _ = planted(60, DISTORTIONS["overconfident"])
    calibration, report = fit_calibration(score, relevant)
    assert report["kind"] in ("platt", "none") and (
        calibration is None or repr(calibration) == "Calibration(2 knots)"
    )
    for documents in (0, 1, 3):
        score, relevant, _ = planted(documents, DISTORTIONS["overconfident"])
        calibration, report = fit_calibration(score, relevant)
        assert calibration is None and report["kind"] == "none" and report["before"] == report["after"]


@pytest.mark.parametrize("value", [False, True])
def test_nothing_to_tell_apart(value):
    score, relevant, _ = planted(200, DISTORTIONS["overconfident"])
    assert fit_calibration(score, np.full_like(relevant, value))[0] is None


def test_scores_that_are_worse_than_none():
    """Where better scores are less relevant, no monotone map of two parameters is fitted."""
    rng = np.random.default_rng(0)
    score = np.sort(rng.random((40, 20)), axis=1)[:, ::-1]
    calibration, report = fit_calibration(score, rng.random(score.shape) < 0.5 * (1 - score))
    assert report["kind"] != "platt"
    if calibration is not None:
        assert (np.diff(calibration(np.linspace(0, 1, 50))) >= 0).all()


@pytest.mark.parametrize("score", [0.0, 0.3, 1.0])
def test_scores_that_say_nothing(score):
    """All the same, or nearly: only the rank tells labels apart."""
    rng = np.random.default_rng(0)
    scores = np.full((2000, 20), score)
    scores[:, 0] += 1e-9
    relevant = rng.random(scores.shape) < 0.6 / np.arange(1, 21)
    calibration, report = fit_calibration(scores, relevant)
    assert report["after"]["ECE@5"] <= report["before"]["ECE@5"]
    if calibration is not None:
        mapped = calibration(scores)
        assert (np.diff(mapped, axis=1) <= 0).all() and np.isfinite(mapped).all()


def test_no_end_is_certain():
    score, _, probability = planted(2000, DISTORTIONS["kinked"])
    calibration, report = fit_calibration(score, probability > 0.2)  # a threshold tells them apart
    low, high = calibration(np.array([[0.0], [1.0]]))
    assert 0 <= low < 1e-3 and 1 - 1e-3 < high <= 1
    assert report["kind"] == "platt" or 0 < low < high < 1


def test_missing_labels_do_not_count():
    score, relevant, _ = planted(1000, DISTORTIONS["overconfident"])
    padded = np.concatenate([score[:, :3], np.full((1000, 17), -np.inf)], axis=1)
    calibration, report = fit_calibration(padded, relevant & np.isfinite(padded))
    alone, expected = fit_calibration(score[:, :3], relevant[:, :3])
    assert report == expected and calibration.as_config() == alone.as_config()


def test_the_same_seed_gives_the_same_map():
    score, relevant, _ = planted(300, DISTORTIONS["kinked"])
    (first, a), (second, b) = (fit_calibration(score, relevant, seed=3) for _ in range(2))
    assert a == b and first.as_config() == second.as_config()
