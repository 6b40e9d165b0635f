"""Why a label was found for a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Share(NamedTuple):
    """What one neighbour adds to a score.

    Args:
        uid: name of the label.
        title: its title.
        share: what it adds.
    """

    uid: str
    title: str
    share: float


@dataclass(frozen=True)
class Spread:
    """How a probability after the expansion over the label graph (GAME) comes about; the sum is that probability.

    Args:
        own: what the label's own probability adds.
        neighbours: what labels that vouch for it add, largest first.
        other_neighbours: what all others add.
    """

    own: float
    neighbours: list[Share]
    other_neighbours: float


@dataclass(frozen=True)
class Explanation:
    """The split of one label's score.

    ``parts`` add up to ``logit``, so do ``tokens``, ``other_tokens`` and ``no_token``; ``neighbours``,
    ``other_neighbours`` and ``graph_constant`` add up to the part ``graph``.

    Args:
        uid: name of the label.
        title: its title.
        score: its probability, as :meth:`~xcgraph.inference.Predictor.predict` answers it.
        probability: of the model itself, before calibration; what ``logit`` and ``reranked``, or ``game``, make.
        logit: its score before it becomes a probability.
        parts: ``text``, ``graph``, ``refinement``, ``bias``, ``linear``, ``centroid``, ``label_text``, those that
            the model has; and ``rounding``, where its numbers are rounded and the parts are not. In models
            trained by softmax, which sees only how labels differ, ``text`` and ``graph`` are against the average
            label.
        neighbours: the labels whose texts add most to the part ``graph``, largest magnitude first; the label
            itself may be one.
        other_neighbours: what all other neighbours add.
        graph_constant: what the graph's blocks add whatever the neighbours.
        tokens: tokens of the text and what they add to the logit, largest magnitude first.
        other_tokens: what all other tokens add.
        no_token: what is added whatever the text: the label's bias, and constants of the document block.
        game: the expansion over the label graph, or ``None`` where the model has none.
        reranked: what the new order of the best labels adds to ``logit``, the model's trees giving each rank the
            logit that it had; zero where the label stayed in its place.
    """

    uid: str
    title: str
    score: float
    probability: float
    logit: float
    parts: dict[str, float]
    neighbours: list[Share]
    other_neighbours: float
    graph_constant: float
    tokens: list[tuple[str, float]]
    other_tokens: float
    no_token: float
    game: Spread | None = None
    reranked: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """As json values."""
        game = None
        if self.game is not None:
            neighbours = [share._asdict() for share in self.game.neighbours]
            game = {"own": self.game.own, "neighbours": neighbours, "other_neighbours": self.game.other_neighbours}
        return {
            "uid": self.uid,
            "title": self.title,
            "score": self.score,
            "probability": self.probability,
            "logit": self.logit,
            "parts": dict(self.parts),
            "neighbours": [share._asdict() for share in self.neighbours],
            "other_neighbours": self.other_neighbours,
            "graph_constant": self.graph_constant,
            "tokens": [{"token": token, "share": share} for token, share in self.tokens],
            "other_tokens": self.other_tokens,
            "no_token": self.no_token,
            "game": game,
            "reranked": self.reranked,
        }
