"""Sparse matrices as text: the ``col:value`` lines of the Extreme Classification Repository."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .filter_pairs import shorten
from .lines import open_binary, report_unreadable
from .report import Report
from .sparse_rows import MAX_ID, SparseRows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_BLOCK = 1 << 22


def read_sparse_text(
    path: str | os.PathLike[str], labels: bool = False, report: Report | None = None
) -> csr_matrix | None:
    """Reads a sparse text file: a header ``rows cols``, then a line of ``col:value`` (0-based) for each row.

    Blank lines are rows without entries; text after ``#`` and a leading ``qid:`` are skipped. The file is parsed
    in blocks: what is held is the matrix and one block.

    Args:
        path: the file, plain or gzip.
        labels: whether it is a label file (documents x labels), where order is free, and columns that come twice
            or have a value of zero or less are left out with a counted warning. In a feature file a column that
            comes twice is an error; unsorted columns are sorted, with a counted warning.
        report: takes the problems found; by default the first error is raised, and warnings are logged at the end.

    Returns:
        float32, shape of the header, sorted indices; entries of a label file are 1. None if ``report`` let a
        missing file or an error in the header pass.

    Raises:
        DataError: for a missing or damaged file, a wrong header, a wrong number of rows, a field that is no
            ``col:value``, a column beyond the header.
    """
    path, own = Path(path), report is None
    report = report or Report()
    rows = SparseRows(path, "labels" if labels else "features", report)
    try:
        with open_binary(path) as file:
            header = read_header(file, path, ("rows", "cols"), report)
            if header is None:
                return None
            rows.num_cols = header[1]
            for line, block in read_blocks(file, 2, header[0], path, report):
                rows.add(block, line)
    except (EOFError, OSError, zlib.error) as error:
        report_unreadable(path, None, error, report)
        return None
    if own:
        report.flush()
    return rows.to_csr()


def read_header(file: IO[bytes], path: Path, names: tuple[str, ...], report: Report) -> tuple[int, ...] | None:
    """Reads the first line, as many whole numbers as ``names``; None if it is wrong (reported)."""
    line = file.readline(1000)
    fields = line.split()
    try:
        header = tuple(int(field) for field in fields)
    except ValueError:
        header = ()
    if len(header) != len(names) or min(header) < 0 or max(header) > MAX_ID:
        got = shorten(line.decode("utf-8", "replace"))
        report.error(path, 1, f"expected the header '{' '.join(names)}', {len(names)} whole numbers, got {got}")
        return None
    return header


def read_blocks(
    file: IO[bytes], line: int, num_rows: int, path: Path, report: Report
) -> Iterator[tuple[int, bytes]]:
    """Yields ``(line number of its first line, whole lines)``, ``num_rows`` lines in all; reports other counts."""
    left = num_rows
    rest = b""
    while True:
        data = file.read(_BLOCK)
        block = rest + data
        if data:
            end = block.rfind(b"\n") + 1
            block, rest = block[:end], block[end:]
        elif block:
            block += b"\n"
            rest = b""
        count = block.count(b"\n")
        if count > left:
            end = 0
            for _ in range(left):
                end = block.index(b"\n", end) + 1
            extra = block[end:]
            if left:
                yield line, block[:end]
            line, left = line + left, 0
            # Blank lines at the end are no rows, and nothing is said about them.
            if extra.strip() or rest.strip():
                report.error(path, line, f"expected {num_rows} rows as the header says, got more")
                return
        elif count:
            yield line, block
            line, left = line + count, left - count
        if not data:
            break
    if left:
        report.error(path, line, f"expected {num_rows} rows as the header says, got {num_rows - left}")


def write_sparse_text(path: str | os.PathLike[str], matrix: csr_matrix) -> None:
    """Writes ``matrix`` with a header and 0-based columns; values keep all digits of a float32.

    A path that ends in ``.gz`` is compressed; the same matrix gives the same bytes.
    """
    path = Path(path)
    with open(path, "wb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
                _write_rows(packed, matrix)
        else:
            _write_rows(raw, matrix)


def _write_rows(file: IO[bytes] | gzip.GzipFile, matrix: csr_matrix) -> None:
    file.write(b"%d %d\n" % matrix.shape)
    for fields in format_rows(matrix):
        file.write(" ".join(fields).encode("ascii") + b"\n")


def format_rows(matrix: csr_matrix) -> Iterator[list[str]]:
    """Yields for each row its ``col:value`` fields, columns ascending."""
    matrix = matrix if matrix.has_sorted_indices else matrix.sorted_indices()
    for start in range(0, matrix.shape[0], 4096):
        part = matrix[start : start + 4096]
        cols, values, ends = part.indices.tolist(), part.data.tolist(), part.indptr.tolist()
        for a, b in pairwise(ends):
            yield [f"{c}:{v:.9g}" for c, v in zip(cols[a:b], values[a:b], strict=True)]
