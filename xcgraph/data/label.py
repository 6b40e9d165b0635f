"""One label of a raw data folder."""

from __future__ import annotations

from typing import NamedTuple


class Label(NamedTuple):
    """A label and its own text: one line of ``lbl.json.gz``; the 0-based line number is the label id.

    Args:
        uid: name of the label, unique.
        title: short text.
        content: long text, may be empty.
    """

    uid: str
    title: str
    content: str = ""
