"""From a model's scores to probabilities that hold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

#: Log-odds beyond which scores are taken for equal: a float32 tells no probability above 1 - 10^-7 from 1.
LIMIT = 16.0
# A probability whose log-odds are beyond that.
_LEAST = 1e-8


class Calibration:
    r"""A map from the score of the label at rank r to the probability that it is relevant:
    :math:`\sigma(f(\mathrm{logit}(s) + w \ln r))`, with f piecewise linear and constant beyond its ends.

    Scores of one document compete, so that the same score says less at a lower rank; w is negative or 0. As f
    never falls, labels keep their order. Two knots make f Platt's map (logistic regression; Platt, 1999), more of
    them an isotonic regression (Zadrozny and Elkan, KDD 2002).

    Args:
        rank: w.
        log_odds: where f has knots, ascending.
        calibrated: log-odds of the probabilities there, not descending.

    Raises:
        ValueError: if they are something else.
    """

    def __init__(self, rank: float, log_odds: Sequence[float], calibrated: Sequence[float]) -> None:
        (weight,) = _numbers("rank", [rank])
        x, y = _numbers("log_odds", log_odds), _numbers("calibrated", calibrated)
        if weight > 0 or len(x) != len(y) or not len(x) or (np.diff(x) <= 0).any() or (np.diff(y) < 0).any():
            raise ValueError(
                "expected a calibration with a 'rank' of at most 0, 'log_odds' that ascend, and as many "
                "'calibrated' that do not descend"
            )
        self.rank = float(weight)
        self._log_odds, self._calibrated = x, y

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Calibration | None:
        """What ``calibration`` of a model's ``config.json`` says; ``None`` where it says nothing.

        Raises:
            ValueError: if it is no calibration.
        """
        stored = config.get("calibration")
        if stored is None:
            return None
        if not isinstance(stored, dict) or set(stored) != {"rank", "log_odds", "calibrated"}:
            raise ValueError("expected 'calibration' to have 'rank', 'log_odds' and 'calibrated'")
        return cls(**stored)

    def as_config(self) -> dict[str, Any]:
        """As json values."""
        return {
            "rank": self.rank,
            "log_odds": self._log_odds.tolist(),
            "calibrated": self._calibrated.tolist(),
        }

    def __call__(self, score: np.ndarray) -> np.ndarray:
        """Probabilities, float64 ``[..., k]``, of the scores of each document's best labels, best first."""
        x = log_odds(score) + self.rank * log_ranks(score.shape[-1])
        return np.exp(-np.logaddexp(0.0, -np.interp(x, self._log_odds, self._calibrated)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._log_odds)} knots)"


def log_odds(score: np.ndarray) -> np.ndarray:
    """Of scores of any shape, float64, at most :data:`LIMIT` from 0; what is out of [0, 1] counts as its ends."""
    # Not by `np.clip`, which takes longer than all of this for the few scores of an answer.
    score = np.minimum(np.maximum(np.asarray(score, dtype=np.float64), _LEAST), 1 - _LEAST)
    return np.minimum(np.maximum(np.log(score) - np.log1p(-score), -LIMIT), LIMIT)


@lru_cache(maxsize=16)
def log_ranks(count: int) -> np.ndarray:
    """Logarithms of 1 to ``count``; not to be written to."""
    found = np.log(np.arange(1, count + 1))
    found.setflags(write=False)
    return found


def _numbers(name: str, values: Sequence[float]) -> np.ndarray:
    if not isinstance(values, list | tuple) or not all(type(value) in (int, float) for value in values):
        raise ValueError(f"expected '{name}' of a calibration to be a list of numbers")
    array = np.array([float(value) for value in values if abs(value) < 1e9], dtype=np.float64)
    if len(array) != len(values):  # NaN and infinity among them
        raise ValueError(f"expected '{name}' of a calibration to be finite, got a number beyond 10^9")
    return array
