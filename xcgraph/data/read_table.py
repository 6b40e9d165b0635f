"""Reads tables as people have them: CSV, TSV, JSON lines, Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .error import DataError
from .lines import read_lines
from .raw_reader import read_objects
from .report import Report
from .table_layout import TableLayout

_BATCH = 1024
# Longer than any text, shorter than a file that an unpaired quote makes one cell of.
_LONGEST_CELL = 1 << 24
_ADVICE = "write the file again as UTF-8, or give the right 'encoding'"


def read_table(
    path: Path, layout: TableLayout, report: Report | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields ``(1-based line, {role: value})`` for the columns of the layout, one row at a time.

    The line is that on which a CSV record starts, and the row of a Parquet file. Values are as the format has
    them: texts in CSV and TSV; texts, numbers, lists, None in the others. A key that a JSON object lacks is None.
    Where ``report`` only collects, rows that cannot be read are left out.

    Raises:
        DataError: if the file is missing or damaged, a column is not there, or a row does not fit the header.
        ImportError: for Parquet, if ``pyarrow`` is not installed.
    """
    format = layout.format_of(path)
    report = report or Report()
    if not path.is_file():
        # It is read several times: a pipe would be empty by then.
        got = "something else (a folder, or a pipe)" if path.exists() else "nothing there"
        raise DataError(f"expected a file, got {got}", path)
    if format == "jsonl":
        yield from _read_jsonl(path, layout, report)
    elif format == "parquet":
        yield from _read_parquet(path, layout.columns)
    else:
        yield from _read_csv(path, layout, layout.delimiter or ("," if format == "csv" else "\t"), report)


def _read_csv(
    path: Path, layout: TableLayout, delimiter: str, report: Report
) -> Iterator[tuple[int, dict[str, Any]]]:
    # One that cannot be read becomes a blank one, so that those after it keep their numbers.
    lines = (f"{line or ''}\n" for _, line in read_lines(path, report, layout.encoding, _ADVICE))
    # strict: a stray quote is an error, where it would silently join cells, or lines.
    dialect: dict[str, Any] = {"quoting": csv.QUOTE_MINIMAL if layout.quotes == "double" else csv.QUOTE_NONE}
    reader = csv.reader(lines, delimiter=delimiter, strict=True, **dialect)
    header: list[str] = []
    where: dict[str, int] = {}
    line = 1
    while True:
        try:
            with _long_cells():
                cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            hint = "write each quote within a quoted cell twice, or set 'quotes' to none"
            # A quote that is not closed takes in lines that may be most of the file.
            complain = report.error if reader.line_num == line else report.unreadable
            complain(path, line, f"expected cells, got what is none ({error}); {hint}")
            cells = []
        if not cells:
            pass  # a blank line
        elif not header:
            header = cells
            where = {role: _find_column(header, role, name, path, line) for role, name in layout.columns.items()}
        elif len(cells) != len(header):
            report.error(
                path,
                line,
                f"expected {len(header)} cells as in the header, got {len(cells)}; put quotes around cells that "
                f"hold {delimiter!r} or a line break, or give the right 'delimiter'",
            )
        else:
            yield line, {role: cells[index] for role, index in where.items()}
        line = reader.line_num + 1
    if not header:
        raise DataError("expected a header with the names of the columns, got an empty file", path)


def _find_column(header: list[str], role: str, name: str, path: Path, line: int | None) -> int:
    stripped = [cell.strip() for cell in header]
    if stripped.count(name) > 1:
        raise DataError(f"expected one column {name!r}, got {stripped.count(name)}; rename one", path, line)
    if name not in stripped:
        raise _no_column(stripped, role, name, path, line)
    return stripped.index(name)


def _no_column(found: list[str], role: str, name: str, path: Path, line: int | None) -> DataError:
    hint = "" if len(found) > 1 else ", or the right 'delimiter'"
    there = ", ".join(map(repr, found[:30])) + (", ..." if len(found) > 30 else "")
    return DataError(f"expected a column {name!r}, got {there}; give the right '{role}'{hint}", path, line)


@contextmanager
def _long_cells() -> Iterator[None]:
    """The csv module's limit is one for the whole process."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _read_jsonl(path: Path, layout: TableLayout, report: Report) -> Iterator[tuple[int, dict[str, Any]]]:
    keys: list[str] = []
    columns = layout.columns
    unseen = dict(columns)
    for line, record in read_objects(path, report, skip_blank=True, encoding=layout.encoding, advice=_ADVICE):
        if record is None:
            continue
        keys = keys or list(record)
        if unseen:
            unseen = {role: name for role, name in unseen.items() if name not in record}
        yield line, {role: record.get(name) for role, name in columns.items()}
    for role, name in unseen.items():
        if keys:
            raise _no_column(keys, role, name, path, None)
    if not keys:
        raise DataError("expected a JSON object a line, got none", path)


def _read_parquet(path: Path, columns: dict[str, str]) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError(
            "Parquet files need the package 'pyarrow': pip install 'xcgraph[parquet]'", name="pyarrow"
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            header = file.schema_arrow.names
            for role, name in columns.items():
                _find_column(header, role, name, path, None)
            line = 0
            for batch in file.iter_batches(_BATCH, columns=list(columns.values())):
                values = {role: batch.column(name).to_pylist() for role, name in columns.items()}
                for row in range(batch.num_rows):
                    line += 1
                    yield line, {role: values[role][row] for role in columns}
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError, UnicodeDecodeError, OSError) as error:
        raise DataError(f"cannot be read as Parquet: {error}; write it again", path) from error
