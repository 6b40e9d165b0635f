"""Texts of a data set, of which a loader keeps none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from .vectorizer import Vectorizer


class TextListener(Vectorizer):
    """A fitted vectoriser that keeps texts of the last stream that it turned into features.

    A loader ends with the test documents, so that ``heard`` are theirs.

    Args:
        vectorizer: what it is but for that.
        rows: places in the stream, from 0, of texts to keep; by default all.

    Attributes:
        heard: those texts, in the order of the stream.
    """

    def __init__(self, vectorizer: Vectorizer, rows: Collection[int] | None = None) -> None:
        self.__dict__.update(vectorizer.__dict__)
        self.heard: list[str] = []
        self._rows = None if rows is None else frozenset(rows)

    def transform(self, texts: Iterable[str]) -> Any:
        """As of :class:`Vectorizer`."""
        self.heard = []
        return super().transform(self._listen(texts))

    def _listen(self, texts: Iterable[str]) -> Iterator[str]:
        for row, text in enumerate(texts):
            if self._rows is None or row in self._rows:
                self.heard.append(text)
            yield text
