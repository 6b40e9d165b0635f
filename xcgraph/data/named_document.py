"""One document with labels by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple


class NamedDocument(NamedTuple):
    """A text with the names of its labels, as users have them; :class:`Document` has label ids.

    Args:
        title: short text.
        content: long text, may be empty.
        labels: names of its labels; a name that comes twice counts once.
        uid: name of the document; None where it has none.
        group: documents of one group are on one side of the split; empty: it goes by its text.
        split: the side, where it is given.
        path: where it comes from, for messages: a file, or an argument.
        line: 1-based line of the file.
    """

    title: str
    content: str
    labels: Sequence[str]
    uid: str | None = None
    group: str = ""
    split: Literal["train", "test"] | None = None
    path: str | None = None
    line: int | None = None
