"""Every problem of a data folder at once."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

from .error import DataError
from .folder_format import folder_format
from .problem import Problem
from .raw_folder import RawFolder
from .report import Report
from .xmlrepo_reader import read_xmlrepo_folder


class _Collector(Report):
    """Keeps all problems and lets the readers go on."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[Problem] = []

    def error(self, path: str | os.PathLike[str], line: int | None, message: str) -> None:
        self.problems.append(Problem(os.fspath(path), line, "error", " ".join(message.split())))

    def warning(self, path: str | os.PathLike[str], line: int | None, message: str, kind: str) -> None:
        self.problems.append(Problem(os.fspath(path), line, "warning", " ".join(message.split())))


def check_folder(folder: str | os.PathLike[str]) -> list[Problem]:
    """Reads a whole data folder with the readers that ``LFDataset.load`` uses, and collects what they object to.

    Args:
        folder: a folder of any format that :func:`~xcgraph.data.folder_format` knows.

    Returns:
        All problems, file by file in the order they are read; empty if there are none.
    """
    folder = Path(folder)
    collector = _Collector()
    try:
        format = folder_format(folder)
    except DataError as error:
        return [Problem(os.fspath(folder), None, "error", error.message)]
    if format == "raw":
        raw = RawFolder(folder, "all", collector)
        for stream in (raw.label_texts(), raw.document_texts("train"), raw.document_texts("test")):
            deque(stream, maxlen=0)
        raw.finish()
    else:
        read_xmlrepo_folder(folder, format, collector)
    return collector.problems
