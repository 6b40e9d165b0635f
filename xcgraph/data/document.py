"""One document of a raw data folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Document(NamedTuple):
    """A text with the labels that are relevant to it: one line of ``trn.json.gz`` or ``tst.json.gz``.

    Args:
        uid: name of the document, unique within its file.
        title: short text.
        content: long text, may be empty.
        target_ind: 0-based label ids.
        target_rel: relevance of each of them, or None where all are 1.
    """

    uid: str
    title: str
    content: str
    target_ind: Sequence[int]
    target_rel: Sequence[float] | None = None
