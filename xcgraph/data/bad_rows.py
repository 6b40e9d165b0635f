"""Rows of a table that cannot be read, left out."""

from __future__ import annotations

import os

from .error import DataError
from .report import Report


class BadRows(Report):
    """Counts errors of rows, so that readers go on without them. A file that cannot be read on is still an error.

    Attributes:
        count: of rows.
        first: what is wrong with the first of them, or ``None``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.first: DataError | None = None

    def error(self, path: str | os.PathLike[str], line: int | None, message: str) -> None:
        """Counts a row."""
        self.count += 1
        self.first = self.first or DataError(message, path, line)

    def unreadable(self, path: str | os.PathLike[str], line: int | None, message: str) -> None:
        """Raises: what is missing may be most of the file."""
        raise DataError(message, path, line)
