"""What goes to stdout: aligned tables, or json."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from xcgraph.data import BuildReport


def echo_json(value: Any) -> None:
    """Prints json; what is no number becomes null, since NaN is no json."""
    click.echo(json.dumps(_finite(value), indent=1))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def table(
    rows: Iterable[Sequence[Any]],
    header: Sequence[str] = (),
    digits: int = 2,
    marked: Collection[tuple[int, int]] = (),
    missing: str = "",
) -> str:
    """Aligned columns: numbers to the right, text to the left.

    Args:
        rows: of equal length.
        header: names of the columns, or nothing.
        digits: behind the decimal point.
        marked: (row, column) of cells that get a star.
        missing: stands for None, and for what is no number.
    """
    body = [list(row) for row in rows]
    cells = [[_cell(value, digits, missing) for value in row] for row in body]
    # Where one cell of a column has a star, the others get a blank, so that digits stay below digits.
    starred = {column for _, column in marked}
    for i, line in enumerate(cells):
        for j in starred:
            line[j] += "*" if (i, j) in marked else " "
    header = [name + " " if j in starred else name for j, name in enumerate(header)]
    lines = [list(header), *cells] if header else cells
    if not lines:
        return ""
    width = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    # A column of missing values alone is of numbers that nobody has.
    right = [
        any(isinstance(row[i], (int, float)) for row in body)
        or (bool(body) and all(row[i] is None for row in body))
        for i in range(len(width))
    ]
    aligned = (
        [_pad(cell, w, to_right) for cell, w, to_right in zip(line, width, right, strict=True)] for line in lines
    )
    return "\n".join("  ".join(line).rstrip() for line in aligned)


def listing(items: Iterable[tuple[str, str]]) -> str:
    """Names, each with a text below it that may be long: a terminal that wraps it breaks no column."""
    return "\n".join(f"{printable(name)}\n  {printable(text)}" for name, text in items)


def counted(number: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _pad(cell: str, width: int, to_right: bool) -> str:
    blanks = " " * (width - _width(cell))
    return blanks + cell if to_right else cell + blanks


def _width(text: str) -> int:
    """Columns that a terminal gives to a text: two to a character of East Asia, none to an accent by itself."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "FW")
        for character in text
    )


def printable(text: str) -> str:
    """The text with line breaks and control characters written out: names of folders may have them."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _cell(value: Any, digits: int, missing: str) -> str:
    if value is None or value != value:
        return missing
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.{digits}f}" if isinstance(value, float) else printable(str(value))


def metrics_table(metrics: Mapping[str, Any]) -> str:
    """A row a metric, a column a rank: ``P@1``, ``P@3``, ... out of everything else that ``metrics`` holds."""
    found = {}
    for name, value in metrics.items():
        match = re.fullmatch(r"(\w+)@(\d+)", name)
        if match:
            found[match[1], int(match[2])] = value
    ranks = sorted({rank for _, rank in found})
    names = list(dict.fromkeys(name for name, _ in found))
    rows = [[name, *(found.get((name, rank)) for rank in ranks)] for name in names]
    return table(rows, ["", *(f"@{rank}" for rank in ranks)])


def build_table(report: BuildReport) -> str:
    """What was built or imported, and what was left out."""
    rows: list[list[Any]] = [
        ["training documents", report.train],
        ["test documents", report.test],
        ["labels", report.labels],
        ["labels a document", report.labels_per_document],
        ["training documents a label", report.documents_per_label],
        ["labels with fewer than five, %", report.tail_share],
        ["filter pairs", report.filter_pairs],
        *(["left out: " + reason, count] for reason, count in report.dropped.items() if count),
    ]
    return table(rows)


def frequency_table(deciles: Sequence[Mapping[str, Any]]) -> str:
    """Labels by training frequency, without metrics."""
    rows = [
        [row["decile"], row["labels"], _range(row["min_frequency"], row["max_frequency"]), row["positives"]]
        for row in deciles
    ]
    return table(rows, ["decile", "labels", "training documents", "test pairs"])


def decile_table(deciles: Sequence[Mapping[str, Any]]) -> str:
    """Labels by training frequency, the rarest tenth first."""
    header = ["decile", "labels", "training documents", "test pairs", "P@5", "R@5"]
    rows = [
        [
            row["decile"],
            row["labels"],
            _range(row["min_frequency"], row["max_frequency"]),
            row["positives"],
            row["P@5"],
            row["R@5"],
        ]
        for row in deciles
    ]
    return table(rows, header)


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
