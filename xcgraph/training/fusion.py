"""How much each part of a label's score counts, chosen on validation documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from xcgraph.inference import LabelRanker, LexicalScorer
from xcgraph.layers import score_shortlist
from xcgraph.metrics.first_ranks import FIRST_RANKS, gains_of_first
from xcgraph.metrics.top_k import top_k
from xcgraph.shortlist import rank_shortlist
from xcgraph.sparse import CSR

from .validation import Ranker, Validator

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Scores of all labels held at a time.
_MAX_SCORES = 1 << 24


@dataclass(frozen=True)
class FusionWeights:
    """Weights of a label's scores beside the model's logit.

    Args:
        linear: of the linear one-vs-all classifier's margin.
        centroid: of the cosine with the centroid of the label's training documents.
        text: of the cosine with the label's text.
        game: of the neighbours' scores (GAME).
    """

    linear: float = 0.0
    centroid: float = 0.0
    text: float = 0.0
    game: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """As json values."""
        return asdict(self)


LEXICAL = ("linear", "centroid", "text")


@dataclass(frozen=True)
class LexicalParts:
    """Sparse rows of the labels that can be added to a model.

    Args:
        rows: scipy sparse ``[L, V]`` of each part in use, by names of :data:`LEXICAL`: one-vs-all weights,
            centroids of the labels' training documents, texts of the labels.
    """

    rows: dict[str, csr_matrix]

    def scorer(self, weights: FusionWeights, device: torch.device | str = "cpu") -> LexicalScorer | None:
        """The weighted sum of the parts, on a device; ``None`` where none has a weight."""
        weighted = [(rows, getattr(weights, name)) for name, rows in self.rows.items()]
        if not any(weight for _, weight in weighted):
            return None
        return LexicalScorer.weighted(weighted).to(device)

    def weighted(self, weights: FusionWeights) -> tuple[dict[str, float], dict[str, CSR]]:
        """The weight of each part that has one, and its rows ``[L, V]`` times that."""
        used = {name: weight for name in self.rows if (weight := getattr(weights, name))}
        return used, {name: CSR.from_scipy(self.rows[name] * weight) for name, weight in used.items()}

    def single(self, name: str, device: torch.device | str = "cpu") -> LexicalScorer:
        """One part with weight one, on a device."""
        return LexicalScorer.weighted([(self.rows[name], 1.0)]).to(device)


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
# In a mean of weights, factors of the prior: what none counts as, and up to which a mean is none.
_LEAST, _NONE = 1 / 8, 1 / 6
#: Weights of the neighbours' scores that are tried.
GAME = (0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True)
class CandidateScores:
    """Scores of some labels of each document, by part.

    Args:
        index: labels ``[N, S]``, -1 for none.
        network: the model's own logits ``[N, S]``.
        lexical: scores of each part in use, ``[N, S]``.
    """

    index: np.ndarray
    network: np.ndarray
    lexical: dict[str, np.ndarray]

    def alone(self, name: str) -> np.ndarray:
        """Scores ``[N, S]`` of one part; minus infinity where there is no label."""
        return np.where(self.index < 0, -np.inf, self.lexical[name])

    def fused(self, weights: FusionWeights) -> np.ndarray:
        """Scores ``[N, S]``; minus infinity where there is no label."""
        score = self.network.copy()
        for name, part in self.lexical.items():
            if weight := getattr(weights, name):
                score += weight * part
        return np.where(self.index < 0, -np.inf, score)


@torch.no_grad()
def candidate_scores(ranker: LabelRanker, parts: LexicalParts, doc_x: CSR, depth: int = 50) -> CandidateScores:
    """The labels that any weights could bring to the top, with their scores.

    Args:
        ranker: without lexical scores.
        parts: the lexical scores.
        doc_x: documents, ``[N, V]``.
        depth: labels taken from the model, and from each part; with a shortlister, its shortlist is taken whole.
    """
    scorers = {name: parts.single(name, doc_x.device) for name in parts.rows}
    num_labels = ranker.weight.size(0)
    indices: list[Tensor] = []
    scores: list[list[Tensor]] = []
    for rows in torch.arange(doc_x.shape[0], device=doc_x.device).split(max(1, _MAX_SCORES // num_labels)):
        x = doc_x.select_rows(rows)
        document = ranker.encoder(x)
        if ranker.shortlister is not None:
            index, inherited = ranker.shortlister(x)
            logit = score_shortlist(document, ranker.weight, ranker.bias, index) + inherited.log()
            own = [scorer.of_shortlist(x, index) for scorer in scorers.values()]
        else:
            dense = torch.nn.functional.linear(document, ranker.weight, ranker.bias)
            each = [scorer.add_(torch.zeros_like(dense), x) for scorer in scorers.values()]
            best = torch.cat([top_k(score, min(depth, num_labels))[0] for score in (dense, *each)], dim=1)
            index, _ = rank_shortlist(best, torch.zeros(best.shape, device=best.device), best.size(1))
            safe = index.clamp(min=0)
            logit, own = dense.gather(1, safe), [score.gather(1, safe) for score in each]
        indices.append(index)
        scores.append([logit, *own])
    # All pieces are of one width: so many labels of each part, or the whole of a shortlist, padded.
    network, *lexical = (torch.cat(part).cpu().numpy() for part in zip(*scores, strict=True))
    return CandidateScores(torch.cat(indices).cpu().numpy(), network, dict(zip(scorers, lexical, strict=True)))


class CandidateMetrics:
    """P and PSP at 1, 3, 5 of candidates under any weights, each document counted any number of times.

    Args:
        scores: of the validation documents' candidates.
        validator: what they are worth.
    """

    def __init__(self, scores: CandidateScores, validator: Validator) -> None:
        self.scores = scores
        # Of candidates, [N, S]; and what any ranking could gain, [N, 6].
        self._worth, self._most = validator.worth(scores.index)
        self._gained: dict[FusionWeights | str, np.ndarray] = {}

    @property
    def num_documents(self) -> int:
        """N."""
        return len(self.scores.index)

    def __call__(self, weights: FusionWeights, counts: np.ndarray | None = None) -> dict[str, float]:
        """Metrics, 0 to 100, of fused scores; ``counts``: how often each document counts, ``[N]``, or once."""
        if weights not in self._gained:
            self._gained[weights] = self._gain(self.scores.fused(weights))
        return self._metrics(self._gained[weights], counts)

    def of_part(self, name: str, counts: np.ndarray | None = None) -> dict[str, float]:
        """The same of one part alone."""
        if name not in self._gained:
            self._gained[name] = self._gain(self.scores.alone(name))
        return self._metrics(self._gained[name], counts)

    def _gain(self, score: np.ndarray) -> np.ndarray:
        """What each document's first labels are worth, as ``_most`` (half the numbers: many are kept)."""
        score = np.where(np.isneginf(self._worth), -np.inf, score)
        top = np.argsort(score, axis=1)  # where there are no labels to part
        if score.shape[1] > 5:
            top = np.argpartition(-score, 4, axis=1)[:, :5]
        order = np.argsort(-np.take_along_axis(score, top, 1), axis=1, kind="stable")
        worth = np.maximum(np.take_along_axis(self._worth, np.take_along_axis(top, order, 1), 1), 0.0)
        return gains_of_first(worth).astype(np.float32)

    def _metrics(self, gained: np.ndarray, counts: np.ndarray | None) -> dict[str, float]:
        counts = np.ones(self.num_documents) if counts is None else counts
        most = counts @ self._most
        values = 100 * (counts @ gained) / np.where(most > 0, most, 1.0)
        return dict(zip(WORTH, values.tolist(), strict=True))


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
    """Weights of the lexical parts, by :func:`gain` over the linear part alone (without one: over the prior).

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
        counts = np.bincount(rng.integers(n, size=n), minlength=n)
        baseline = candidates.of_part("linear", counts) if "linear" in names else None
        found.append(climb(partial(candidates, counts=counts), n, names, baseline)[0])
    means = {}
    for name in names:
        prior = getattr(PRIOR, name)
        each = [max(getattr(weights, name), _LEAST * prior) for weights in found] or [prior]
        mean = math.exp(math.fsum(map(math.log, each)) / len(each))
        means[name] = round(mean, 2) if mean > _NONE * prior else 0.0
    return FusionWeights(**means)


def climb(
    evaluate: Callable[[FusionWeights], dict[str, float]],
    num_documents: int,
    names: Sequence[str] = LEXICAL,
    baseline: dict[str, float] | None = None,
    rounds: int = 3,
) -> tuple[FusionWeights, dict[str, float]]:
    """Coordinate ascent by :func:`gain`, from :data:`PRIOR` and from a multiple of it.

    The coordinates are a factor of each part, and one of all parts together.

    Few documents cannot tell similar weights apart, and the best of many is then the luckiest. So each octave away
    from the prior costs ``3 / sqrt(num_documents)`` percent, a fraction of the standard error of a difference.

    Args:
        evaluate: validation metrics under given weights.
        num_documents: validation documents behind them.
        names: parts to use; the others get no weight.
        baseline: metrics to gain on; by default those of the prior.
        rounds: passes over the coordinates.

    Returns:
        The best weights, and their validation metrics.
    """
    price = 3.0 / math.sqrt(max(1, num_documents))
    choices = {**dict.fromkeys(names, FACTORS), **({_ALL_PARTS: SCALES} if names else {})}
    prior = dict.fromkeys(choices, 1.0)
    first = evaluate(_weights(prior))
    tried = {_weights(prior): first}
    against = first if baseline is None else baseline

    def value_of(factors: dict[str, float]) -> float:
        weights = _weights(factors)
        if weights not in tried:
            tried[weights] = evaluate(weights)
        return gain(tried[weights], against) - price * sum(
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
    best = max(map(ascend, starts), key=value_of)
    return _weights(best), tried[_weights(best)]


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
