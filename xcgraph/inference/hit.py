"""One label of an answer."""

from __future__ import annotations

from typing import NamedTuple


class Hit(NamedTuple):
    """A label that was found for a text.

    Args:
        uid: name of the label.
        title: its title.
        score: its probability, calibrated where the model's folder says how.
    """

    uid: str
    title: str
    score: float
