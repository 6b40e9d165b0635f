"""What readers do with the problems they find: the loader stops, the checker collects."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from .error import DataError

logger = logging.getLogger(__name__)


class Report:
    """Takes the problems that readers find in a data folder, as the loader wants it.

    An error is raised at once. Warnings are counted by file and kind, and :meth:`flush` logs one line for each.
    A subclass that only collects lets the same readers serve the checker: after :meth:`error` returns, a reader
    leaves out what it could not read and goes on.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], list[int | None]] = {}

    def error(self, path: str | os.PathLike[str], line: int | None, message: str) -> None:
        """A problem that no run can go on with."""
        raise DataError(message, path, line)

    def unreadable(self, path: str | os.PathLike[str], line: int | None, message: str) -> None:
        """An error of the file as a whole: what comes after this line, if there is one, cannot be read."""
        self.error(path, line, message)

    def warning(self, path: str | os.PathLike[str], line: int | None, message: str, kind: str) -> None:
        """A problem that a run can go on with correctly.

        Args:
            path: the file.
            line: 1-based.
            message: what is wrong at this place.
            kind: plural and outcome, for the counted line: "documents without labels are left out".
        """
        entry = self._counts.setdefault((os.fspath(path), kind), [0, line])
        entry[0] = (entry[0] or 0) + 1

    def counted(self) -> Iterator[tuple[str, str, int, int | None]]:
        """Yields ``(path, kind, count, first line)`` of the warnings since the last :meth:`flush`."""
        for (path, kind), (count, line) in self._counts.items():
            yield path, kind, count or 0, line

    def flush(self) -> None:
        """Logs what was counted, one line for each file and kind."""
        for path, kind, count, line in self.counted():
            place = "" if line is None else f" (first: line {line})"
            logger.warning("%s: %d %s%s", Path(path).name, count, kind, place)
        self._counts.clear()
