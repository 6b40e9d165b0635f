"""How much lexical scores and graph expansion count beside the embeddings, chosen on validation documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from .validation import Ranker, Validator


@dataclass(frozen=True)
class FusionWeights:
    """Weights of a label's scores beside the model's logit.

    Args:
        centroid: of the cosine with the centroid of the label's training documents.
        text: of the cosine with the label's text.
        game: of the neighbours' scores (GAME).
    """

    centroid: float = 0.0
    text: float = 0.0
    game: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """As json values."""
        return asdict(self)


#: What is tried. Logits of a trained model span about ten units, cosines one.
GRID = {
    "centroid": (0.0, 2.0, 4.0, 8.0, 12.0, 16.0),
    "text": (0.0, 2.0, 4.0, 8.0, 12.0, 16.0),
    "game": (0.0, 0.05, 0.1, 0.2, 0.3),
}


def tune_fusion(
    make_ranker: Callable[[FusionWeights], Ranker], validator: Validator, use_graph: bool, rounds: int = 2
) -> tuple[FusionWeights, dict[str, float]]:
    """Coordinate ascent over :data:`GRID` from zero, by the validator's ``score``.

    Lexical scores raise rare labels; weights under which the first label is right less often than without any are
    passed over, so that what the tail gains is not paid for at the top.

    Args:
        make_ranker: the trained model with given weights.
        validator: evaluates a ranker.
        use_graph: whether there is a graph to expand over.
        rounds: passes over the coordinates.

    Returns:
        The best weights, and their validation metrics. Of equal scores the first tried, with the smaller weights,
        stays.
    """
    tried: dict[FusionWeights, dict[str, float]] = {}

    def metrics_of(weights: FusionWeights) -> dict[str, float]:
        if weights not in tried:
            tried[weights] = validator(make_ranker(weights))
        return tried[weights]

    best = FusionWeights()
    least = metrics_of(best)["P@1"]
    for _ in range(rounds):
        start = best
        for name in GRID if use_graph else ("centroid", "text"):
            for value in GRID[name]:
                candidate = replace(best, **{name: value})
                better = metrics_of(candidate)["score"] > metrics_of(best)["score"]
                if better and metrics_of(candidate)["P@1"] >= least:
                    best = candidate
        if best == start:
            break
    return best, metrics_of(best)
