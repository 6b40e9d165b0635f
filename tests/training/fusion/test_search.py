from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from xcgraph.training.fusion import LEXICAL, PRIOR, FusionWeights, tune_game, tune_lexical
from xcgraph.training.fusion.search import GAME, SCALES, WORTH, best_of_each, climb, gain


def same_everywhere(value: float) -> dict[str, float]:
    return dict.fromkeys(WORTH, value)


class Scripted:
    """Metrics of weights by a function, and which weights were asked for."""

    def __init__(self, function) -> None:
        self.function, self.asked = function, []

    def __call__(self, weights):
        self.asked.append(weights)
        value = self.function(weights)
        return value if isinstance(value, dict) else same_everywhere(value)


def away(weights: FusionWeights) -> float:
    """Best without a linear part, twice the centroid, the text as it is."""
    factors = {name: getattr(weights, name) / getattr(PRIOR, name) for name in LEXICAL}
    return 50.0 - 2 * factors["linear"] - abs(factors["centroid"] - 2) - abs(factors["text"] - 1)


def test_gain_is_that_of_all_metrics_at_once():
    base = {**same_everywhere(49.0), "PSP@1": 24.0, "PSP@3": 24.0, "PSP@5": 24.0}
    assert gain(base, base) == 0.0
    # Five percent more of the tail are worth one more at the top.
    even = {
        name: (value + 1) * np.exp(0.05 if name.startswith("PSP") else 0.01) - 1 for name, value in base.items()
    }
    assert gain(even, base) == pytest.approx(1.0)
    # What is lost anywhere counts for more than what is won elsewhere.
    for name in WORTH:
        assert gain({**even, name: base[name]}, base) < 1.0 - 1 / len(WORTH)
        assert 1.0 < gain({**even, name: 99.0}, base) < 1.2
    # A metric near zero does not decide, even where half of it is lost; others that are told do not count.
    assert -1.0 < gain({**base, "PSP@5": 0.1, "score": 3.0}, {**base, "PSP@5": 0.2}) < 0.0


def climb_from(evaluate, num_documents, *args, **options):
    """What :func:`climb` finds by the gain over the prior."""
    return climb(evaluate, num_documents, evaluate(PRIOR), *args, **options)


def test_flat_metrics_keep_the_prior():
    evaluate = Scripted(lambda weights: 7.0)
    assert climb_from(evaluate, 10**9) == PRIOR
    # From the prior and from four times that, each weights once.
    del evaluate.asked[0]  # for the baseline
    assert PRIOR in evaluate.asked and len(evaluate.asked) == len(set(evaluate.asked)) <= 2 * (1 + 3 * 7 + 6)


def test_many_documents_move_the_weights_and_few_do_not():
    assert climb_from(Scripted(away), 10**6) == FusionWeights(0.0, 2 * PRIOR.centroid, PRIOR.text)
    assert climb_from(Scripted(away), 1) == PRIOR
    # What is gained by leaving out the linear part costs three octaves.
    better, worse = 100 * np.exp(0.02) - 1, 99.0
    enough = (3 * 3.0 / gain(same_everywhere(better), same_everywhere(worse))) ** 2
    for documents, expected in ((0.9 * enough, PRIOR.linear), (1.1 * enough, 0.0)):
        scripted = Scripted(lambda weights: better if weights.linear == 0 else worse)
        assert climb_from(scripted, documents) == replace(PRIOR, linear=expected)


def test_parts_that_are_not_named_get_no_weight():
    evaluate = Scripted(away)
    assert climb_from(evaluate, 10**6, ["centroid"]) == FusionWeights(centroid=2 * PRIOR.centroid)
    assert all(asked.linear == asked.text == asked.game == 0 for asked in evaluate.asked[1:])
    assert climb_from(Scripted(lambda weights: 3.0), 100, []) == FusionWeights()


def test_weights_beyond_worse_ones_are_found():
    far = FusionWeights(**{name: 4 * getattr(PRIOR, name) for name in LEXICAL})

    def function(weights):  # all that lies between is worse than both
        return 60.0 if weights == replace(far, text=far.text / 2) else 50.0 if weights in (PRIOR, far) else 1.0

    assert climb_from(Scripted(function), 10**6) == replace(far, text=far.text / 2)


def test_all_parts_together_against_the_model():
    def function(weights):  # each part alone does harm
        factors = [getattr(weights, name) / getattr(PRIOR, name) for name in LEXICAL]
        return 50.0 + min(factors) if max(factors) == min(factors) else 0.0

    largest = max(SCALES)
    expected = FusionWeights(**{name: largest * getattr(PRIOR, name) for name in LEXICAL})
    assert climb_from(Scripted(function), 10**6) == expected


def test_a_second_round_goes_on_from_the_first():
    def function(weights):  # the linear part helps only once there is no text
        four_times = replace(PRIOR, text=0.0, linear=4 * PRIOR.linear)
        return 5.0 * (weights.text == 0) + 5.0 * (weights == four_times)

    once, twice = (climb_from(Scripted(function), 10**6, rounds=rounds) for rounds in (1, 3))
    assert once == replace(PRIOR, text=0.0)
    assert twice == replace(PRIOR, text=0.0, linear=4 * PRIOR.linear)


def test_the_top_is_not_given_up_for_the_tail():
    def costly(weights):  # text raises the tail, and costs as many percent at the top
        factor = weights.text / PRIOR.text
        return {name: 50.0 + (factor if name.startswith("PSP") else -factor) for name in WORTH}

    assert climb_from(Scripted(costly), 10**6).text < 0.5 * PRIOR.text


def test_what_is_gained_on_decides_where_more_is_needed():
    def trade(weights):
        factor = weights.text / PRIOR.text
        return {name: 50.0 + (factor if name.startswith("PSP") else -factor / 5) for name in WORTH}

    behind, ahead = ({**same_everywhere(50.0), **dict.fromkeys(("PSP@1", "PSP@3", "PSP@5"), x)} for x in (60, 40))
    assert climb(Scripted(trade), 10**6, behind).text > PRIOR.text
    assert climb(Scripted(trade), 10**6, ahead).text < PRIOR.text


def test_the_best_of_each_metric_comes_from_weights_of_its_own():
    def function(weights):  # the top wants the linear part alone, the tail the others
        linear, others = weights.linear / PRIOR.linear, weights.text / PRIOR.text
        assert weights.centroid / PRIOR.centroid == pytest.approx(others, abs=0.01)
        top, tail = linear - others, others - linear
        return {name: 50.0 + (tail if name.startswith("PSP") else top) for name in WORTH}

    evaluate = Scripted(function)
    expected = same_everywhere(53.0)
    assert best_of_each(evaluate) == expected and FusionWeights() in evaluate.asked
    only_text = Scripted(
        lambda weights: 40.0 + weights.text / PRIOR.text + 7 * weights.linear + 7 * weights.centroid
    )
    assert best_of_each(only_text, ["text"]) == same_everywhere(43.0)
    assert best_of_each(Scripted(lambda weights: 40.0), []) == same_everywhere(40.0)


class Resampled:
    """Stands for candidates: metrics by a function of weights and of how often each document counts."""

    def __init__(self, num_documents, function) -> None:
        self.num_documents, self.function, self.counts = num_documents, function, []

    def __call__(self, weights, counts):
        self.counts.append(tuple(counts))
        return same_everywhere(self.function(weights, counts))


def test_weights_are_means_over_resamples():
    def function(weights, counts):  # half of the documents want twice the text, and the others half of it
        factor = weights.text / PRIOR.text
        return 50.0 + 10 * (counts[:50].sum() > counts[50:].sum()) * (factor == 2) + 5 * (factor == 0.5)

    candidates = Resampled(100, function)
    weights = tune_lexical(candidates, resamples=20, seed=3)
    drawn = list(dict.fromkeys(candidates.counts))
    assert len(drawn) == 20 and all(sum(counts) == 100 for counts in drawn)
    twice = sum(sum(counts[:50]) > sum(counts[50:]) for counts in drawn)
    assert 0 < twice < 20
    assert weights == replace(PRIOR, text=round(PRIOR.text * 2 ** ((2 * twice - 20) / 20), 2))
    assert tune_lexical(Resampled(100, function), resamples=20, seed=3) == weights
    assert tune_lexical(Resampled(100, function), resamples=20, seed=4) != weights


def test_what_nearly_all_resamples_leave_out_gets_no_weight():
    def function(weights, counts):
        return 50.0 + 10 * (weights.linear == 0)

    assert tune_lexical(Resampled(10**6, function), resamples=2) == replace(PRIOR, linear=0.0)
    assert tune_lexical(Resampled(10**6, function), ["centroid"], resamples=1) == FusionWeights(
        centroid=PRIOR.centroid
    )


def test_without_validation_documents_weights_are_the_prior():
    assert tune_lexical(Resampled(0, None)) == PRIOR


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 0.0),
        ({0.05: 1.0, 0.1: 3.0, 0.2: 2.0}, 0.1),
        ({0.3: 0.5}, 0.3),
        ({0.05: 1.0, 0.1: 1.0}, 0.05),
        (dict.fromkeys(GAME, -0.5), 0.0),
    ],
)
def test_weight_of_the_neighbours(values, expected):
    start = same_everywhere(0.0)
    validator = Scripted(lambda mix: values.get(mix, 0.0))
    mix, metrics = tune_game(lambda mix: mix, validator, start)
    assert mix == expected and metrics == same_everywhere(values.get(expected, 0.0))
    assert validator.asked == list(GAME)
