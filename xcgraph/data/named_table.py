"""Documents and labels out of the rows of tables."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

from .error import DataError
from .filter_pairs import shorten
from .label import Label
from .named_document import NamedDocument
from .read_table import read_table
from .report import Report
from .table_layout import TableLayout

# A run carves validation documents out of the training documents: given ones are not kept apart.
_SIDES: dict[str, Literal["train", "test"]] = {
    **dict.fromkeys(("train", "trn", "training", "val", "valid", "validation", "dev"), "train"),
    **dict.fromkeys(("test", "tst", "testing"), "test"),
}


def read_named_documents(
    path: Path,
    layout: TableLayout,
    split: Literal["train", "test"] | None = None,
    report: Report | None = None,
) -> Iterator[NamedDocument]:
    """Yields the documents of a table.

    Args:
        path: the file.
        layout: its columns.
        split: the side of all of them; by default the ``split`` column says it, where there is one.
        report: takes what is wrong with a row; one that only collects leaves such rows out.

    Raises:
        DataError: for what :func:`read_table` raises, and for a cell that is not what its column should hold.
    """
    report = report or Report()
    for line, row in read_table(path, layout, report):
        try:
            document = _document(row, layout, split, path, line)
        except DataError as error:
            report.error(path, line, error.message)
        else:
            yield document


def _document(
    row: dict[str, Any], layout: TableLayout, split: Literal["train", "test"] | None, path: Path, line: int
) -> NamedDocument:
    text = partial(_cell, row, path, line)
    if layout.split is not None:
        split = _SIDES.get(text("split").strip().casefold())
        if split is None:
            expected = f"expected one of {', '.join(_SIDES)}, got {shorten(text('split'))}"
            raise DataError(f"{expected}; change it, or choose another 'split'", path, line)
    uid = text("uid").strip() if layout.uid is not None else None
    if uid == "":
        message = "expected the name of a document, got an empty cell; fill it, or do without 'uid'"
        raise DataError(message, path, line)
    return NamedDocument(
        title=text("title"),
        content=text("content"),
        labels=_names(row.get("labels"), layout.separator, path, line),
        uid=uid,
        group=text("group").strip(),
        split=split,
        path=str(path),
        line=line,
    )


def read_named_labels(path: Path, layout: TableLayout) -> Iterator[Label]:
    """Yields the labels of a table, whose ``uid`` is the name that documents call them by.

    Raises:
        DataError: for what :func:`read_table` raises, for an empty name, for a name that comes twice.
    """
    first: dict[str, int] = {}
    for line, row in read_table(path, layout):
        text = partial(_cell, row, path, line)
        uid = text("uid").strip()
        if not uid:
            message = "expected the name of a label, got an empty cell; fill it, or choose another 'uid'"
            raise DataError(message, path, line)
        if first.setdefault(uid, line) != line:
            message = f"expected a new label, got {shorten(uid)} of line {first[uid]} again; leave one of them out"
            raise DataError(message, path, line)
        yield Label(uid, text("title"), text("content"))


def _names(value: Any, separator: str, path: Path, line: int) -> list[str]:
    if isinstance(value, str):
        value = value.split(separator)
    elif not isinstance(value, list):
        value = [value]
    names = (_text(name, "labels", path, line).strip() for name in value)
    return [name for name in names if name]


def _cell(row: dict[str, Any], path: Path, line: int, role: str) -> str:
    return _text(row.get(role), role, path, line)


def _text(value: Any, role: str, path: Path, line: int) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise DataError(
            f"expected text, got {reprlib.repr(value)}; write it as text, or choose another '{role}'", path, line
        )
    return value
