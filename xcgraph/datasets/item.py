"""A thing that is a document and, where others name it, a label."""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    """One entry of an item-to-item data set.

    Args:
        group: what keeps near-duplicates in one split: items of one group are all training or all test documents.
        title: short text.
        content: long text, may be empty.
    """

    group: str
    title: str
    content: str = ""
