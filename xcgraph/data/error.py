"""The one exception for problems in a user's data."""

from __future__ import annotations

import os


class DataError(ValueError):
    """A problem in the data, told in one line: ``path:line: expected ..., got ...; what to do``.

    Args:
        message: what was expected, what was there, what to do; line breaks are turned into blanks.
        path: the file or folder concerned.
        line: 1-based line in that file.

    Attributes:
        message: ``message`` alone, without file and line.
        path: as given, as a string; None where no file is concerned.
        line: as given.
    """

    def __init__(self, message: str, path: str | os.PathLike[str] | None = None, line: int | None = None) -> None:
        self.message = " ".join(message.split())
        self.path = None if path is None else os.fspath(path)
        self.line = line
        place = "" if self.path is None else f"{self.path}: " if line is None else f"{self.path}:{line}: "
        super().__init__(place + self.message)
