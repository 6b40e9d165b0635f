"""Where a user's table has what a data set needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from .error import DataError

TableFormat: TypeAlias = Literal["csv", "tsv", "jsonl", "parquet"]

_SUFFIXES: dict[str, TableFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@dataclass(frozen=True)
class TableLayout:
    """Names of the columns, and how the file is written; None for a column that is not there.

    Args:
        title: short text.
        content: long text.
        labels: names of labels: a text that ``separator`` splits, or a list in JSON and Parquet. Not of tables of
            labels.
        uid: name of the row.
        group: rows of one group are on one side of the split.
        split: the side of the row, such as ``train`` or ``test``.
        separator: between labels of a text.
        format: ``"csv"``, ``"tsv"``, ``"jsonl"`` (a JSON object a line) or ``"parquet"``; by default the suffix of
            each file says it, with or without ``.gz``.
        delimiter: between cells of a CSV or TSV file; by default comma and tabulator.
        quotes: ``"double"``: cells of a CSV or TSV file may stand in double quotes; ``"none"``: a quote is a
            character like others.
        encoding: of files that are text; one in which a line break is a single byte, which UTF-16 is not.
        fallback_format: for files whose suffix says nothing.

    Raises:
        ValueError: if ``separator`` is empty, ``delimiter`` is not one character, or ``encoding`` is not known.
    """

    title: str = "title"
    content: str | None = None
    labels: str | None = "labels"
    uid: str | None = None
    group: str | None = None
    split: str | None = None
    separator: str = ";"
    format: TableFormat | None = None
    delimiter: str | None = None
    quotes: Literal["double", "none"] = "double"
    encoding: str = "UTF-8"
    fallback_format: TableFormat | None = None

    def __post_init__(self) -> None:
        if not self.separator:
            raise ValueError("'separator' must have at least one character")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '\r\n"'):
            raise ValueError(f"'delimiter' must be one character, and no quote, got {self.delimiter!r}")
        try:
            line_break = "\n".encode(self.encoding)
        except (LookupError, UnicodeError) as error:
            known = "that Python knows, such as UTF-8, latin-1, cp1252 or gb18030"
            raise ValueError(f"'encoding' must be one {known}, got {self.encoding!r}") from error
        if line_break != b"\n":
            raise ValueError(
                f"'encoding' {self.encoding} has no lines of bytes: write the file again as UTF-8 "
                f"(iconv -f {self.encoding} -t UTF-8 FILE)"
            )

    @property
    def columns(self) -> dict[str, str]:
        """What the columns of the table are, such as ``{"title": "headline", "labels": "tags"}``."""
        roles = ("title", "content", "labels", "uid", "group", "split")
        return {role: getattr(self, role) for role in roles if getattr(self, role) is not None}

    def format_of(self, path: Path) -> TableFormat:
        """How a file is written.

        Raises:
            DataError: if neither ``format`` nor the suffix says it.
        """
        suffix = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
        found = self.format or _SUFFIXES.get(suffix.lower(), self.fallback_format)
        if found is None:
            known = ", ".join(_SUFFIXES)
            raise DataError(f"expected a name that ends in {known} (or .gz), got another; give the 'format'", path)
        return found
