"""How much each part of a label's score counts, chosen on validation documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

import numpy as np

from xcgraph.metrics.first_ranks import FIRST_RANKS
from xcgraph.training.validation import Ranker, Validator

from .parts import LEXICAL, FusionWeights
from .scores import CandidateMetrics

#: Where the search starts: weights that did well on data sets of several kinds (docs/notes, 002 to 004).
#: Logits of a trained model span about ten units; margins and cosines one or two.
PRIOR = FusionWeights(linear=10.0, centroid=7.0, text=6.0)
#: Factors of the prior that are tried, and how far from it each counts.
FACTORS = {0.0: 3.0, 0.25: 2.0, 0.5: 1.0, 0.71: 0.5, 1.0: 0.0, 1.41: 0.5, 2.0: 1.0, 4.0: 2.0}
#: Factors of all parts together that are tried: how much the model's logits count beside them.
SCALES = {0.5: 1.0, 0.71: 0.5, 1.0: 0.0, 1.41: 0.5, 2.0: 1.0, 4.0: 2.0, 8.0: 3.0}
_ALL_PARTS = "all parts"
# Of these, where the search starts.
_STARTS = (1.0, 4.0)
# Factors of the prior, of the linear part and of the others together, among which each metric has its best value.
_COARSE = (0.0, 0.3, 1.0, 3.0)
# In a mean of weights, factors of the prior: what none counts as, and up to which a mean is none.
_LEAST, _NONE = 1 / 8, 1 / 6
#: Weights of the neighbours' scores that are tried.
GAME = (0.05, 0.1, 0.2, 0.3)

#: Metrics that weights are chosen by, and how many percent of each are worth one percent of P@k. Most of the truth
#: is frequent labels, so that ranks of rare ones move PSP@k by far more than P@k.
WORTH = {name: 5.0 if name.startswith("PSP") else 1.0 for name in FIRST_RANKS}


def gain(metrics: dict[str, float], baseline: dict[str, float]) -> float:
    """What weights are chosen by: percent gained over a baseline, of all of :data:`WORTH` at once.

    A soft minimum, ``-log(mean(exp(-gains)))``: what lexical scores give the tail is not to be paid for at the
    top, nor the other way round. One point is added to both sides, so that a metric near zero does not decide.

    Args:
        metrics: validation metrics, 0 to 100.
        baseline: the same of what is to be gained on.
    """
    gains = [100 * math.log((metrics[name] + 1) / (baseline[name] + 1)) / worth for name, worth in WORTH.items()]
    least = min(gains)
    return least - math.log(sum(math.exp(least - each) for each in gains) / len(gains))


def tune_lexical(
    candidates: CandidateMetrics, names: Sequence[str] = LEXICAL, resamples: int = 10, seed: int = 0
) -> FusionWeights:
    """Weights of the lexical parts, by :func:`gain` over :func:`best_of_each`.

    The best weights for a thousand documents are largely those that suit these documents. So they are looked for
    by :func:`climb` on several resamples of the documents, as many with replacement, and the result is the
    geometric mean: as in bagging, what depends on single documents cancels.

    Args:
        candidates: metrics of weights on the validation documents.
        names: parts to use; the others get no weight.
        resamples: how many.
        seed: of the resamples.
    """
    n = candidates.num_documents
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(resamples if n else 0):
        evaluate = partial(candidates, counts=np.bincount(rng.integers(n, size=n), minlength=n))
        found.append(climb(evaluate, n, best_of_each(evaluate, names), names))
    means = {}
    for name in names:
        prior = getattr(PRIOR, name)
        each = [max(getattr(weights, name), _LEAST * prior) for weights in found] or [prior]
        mean = math.exp(math.fsum(map(math.log, each)) / len(each))
        means[name] = round(mean, 2) if mean > _NONE * prior else 0.0
    return FusionWeights(**means)


def best_of_each(
    evaluate: Callable[[FusionWeights], dict[str, float]], names: Sequence[str] = LEXICAL
) -> dict[str, float]:
    """What each metric could be if it alone mattered: its best value under a few weights far apart.

    No weights reach all of these. Those that stay behind least, by :func:`gain`, give up no metric for another,
    whichever part, the model or a lexical one, is strong on a data set.

    Args:
        evaluate: validation metrics under given weights.
        names: parts in use.
    """
    found = [
        evaluate(_weights({name: linear if name == "linear" else others for name in names}))
        for linear, others in product(_COARSE, repeat=2)
    ]
    return {name: max(metrics[name] for metrics in found) for name in WORTH}


def climb(
    evaluate: Callable[[FusionWeights], dict[str, float]],
    num_documents: int,
    baseline: dict[str, float],
    names: Sequence[str] = LEXICAL,
    rounds: int = 3,
) -> FusionWeights:
    """Coordinate ascent by :func:`gain`, from :data:`PRIOR` and from a multiple of it.

    The coordinates are a factor of each part, and one of all parts together.

    Few documents cannot tell similar weights apart, and the best of many is then the luckiest. So each octave away
    from the prior costs ``3 / sqrt(num_documents)`` percent, a fraction of the standard error of a difference.

    Args:
        evaluate: validation metrics under given weights.
        num_documents: validation documents behind them.
        baseline: metrics to gain on.
        names: parts to use; the others get no weight.
        rounds: passes over the coordinates.
    """
    price = 3.0 / math.sqrt(max(1, num_documents))
    choices = {**dict.fromkeys(names, FACTORS), **({_ALL_PARTS: SCALES} if names else {})}
    prior = dict.fromkeys(choices, 1.0)
    tried: dict[FusionWeights, dict[str, float]] = {}

    def value_of(factors: dict[str, float]) -> float:
        weights = _weights(factors)
        if weights not in tried:
            tried[weights] = evaluate(weights)
        return gain(tried[weights], baseline) - price * sum(
            choices[name][factor] for name, factor in factors.items()
        )

    def ascend(best: dict[str, float]) -> dict[str, float]:
        for _ in range(rounds):
            start = best
            for name, factors in choices.items():
                for factor in factors:
                    candidate = {**best, name: factor}
                    if value_of(candidate) > value_of(best):
                        best = candidate
            if best == start:
                break
        return best

    # Where the model should count for little, the way there from the prior leads through weights that are worse.
    starts = [{**prior, _ALL_PARTS: scale} for scale in _STARTS] if names else [prior]
    return _weights(max(map(ascend, starts), key=value_of))


def _weights(factors: dict[str, float]) -> FusionWeights:
    scale = factors.get(_ALL_PARTS, 1.0)
    parts = {name: factor for name, factor in factors.items() if name != _ALL_PARTS}
    return FusionWeights(
        **{name: round(factor * scale * getattr(PRIOR, name), 2) for name, factor in parts.items()}
    )


def tune_game(
    make_ranker: Callable[[float], Ranker], validator: Validator, start: dict[str, float]
) -> tuple[float, dict[str, float]]:
    """The best weight of the neighbours' scores among :data:`GAME`, zero if none helps.

    Args:
        make_ranker: the fused model with a given weight.
        validator: evaluates a ranker.
        start: metrics without neighbours.
    """
    best, metrics = 0.0, start
    for mix in GAME:
        found = validator(make_ranker(mix))
        if gain(found, start) > gain(metrics, start):
            best, metrics = mix, found
    return best, metrics
