"""One problem of a data folder."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Problem(NamedTuple):
    """What :func:`~xcgraph.data.check_folder` found at one place.

    Args:
        path: the file or folder.
        line: 1-based, None where the whole file is meant.
        severity: ``"error"`` if no run can start, ``"warning"`` if it can go on correctly.
        message: one line.
    """

    path: str
    line: int | None
    severity: Literal["error", "warning"]
    message: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.severity}: {self.message}"
