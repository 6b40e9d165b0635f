"""Rows of ``col:value`` fields on their way to a matrix."""

from __future__ import annotations

import re
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from .filter_pairs import shorten
from .parse_block import LARGEST, parse_block
from .report import Report

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_ID = 2**31 - 1
_COMMENT = re.compile(rb"#[^\n]*")
_QID = re.compile(rb"^[ \t]*qid:[^\s]*", re.MULTILINE)


class SparseRows:
    """Grows a CSR matrix from blocks of ``col:value`` lines, and says which lines are wrong.

    Args:
        path: the file, for messages.
        kind: ``"features"`` or ``"labels"``, see :func:`read_sparse_text`.
        report: takes the problems.
        num_cols: columns that the header declares.
    """

    def __init__(
        self, path: Path, kind: Literal["features", "labels"], report: Report, num_cols: int = MAX_ID
    ) -> None:
        self.path = path
        self.kind = kind
        self.report = report
        self.num_cols = num_cols
        self.num_rows = 0
        self._counts: list[np.ndarray] = []
        self._cols: list[np.ndarray] = []
        self._values: list[np.ndarray] = []

    def add(self, block: bytes, first_line: int) -> None:
        """Adds the rows of ``block``, whole lines; ``first_line`` is the line number of its first."""
        if b"#" in block:
            block = _COMMENT.sub(b"", block)
        if b"qid:" in block:
            block = _QID.sub(b"", block)
        num_rows = block.count(b"\n")
        parsed = parse_block(block) or self._parse_lines(block, first_line)
        row, col, value = self._checked(*parsed, first_line=first_line)
        self._counts.append(np.bincount(row, minlength=num_rows))
        self._cols.append(col.astype(np.int32))
        self._values.append(value.astype(np.float32))
        self.num_rows += num_rows

    def to_csr(self) -> csr_matrix:
        """The matrix, float32, ``[rows added, num_cols]``; this object is empty afterwards."""
        from scipy.sparse import csr_matrix

        indptr = np.zeros(self.num_rows + 1, dtype=np.int64)
        if self._counts:
            np.cumsum(np.concatenate(self._counts), out=indptr[1:])
        # One at a time, so that at most one array is held twice.
        col = np.concatenate([*self._cols, np.empty(0, dtype=np.int32)])
        self._cols.clear()
        value = np.concatenate([*self._values, np.empty(0, dtype=np.float32)])
        self._values.clear()
        return csr_matrix((value, col, indptr), shape=(self.num_rows, self.num_cols))

    def _parse_lines(self, block: bytes, first_line: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The slow way, for a block that holds something wrong: finds it, and leaves it out."""
        rows, cols, values = array("q"), array("d"), array("d")
        for row, line in enumerate(block.split(b"\n")):
            for field in line.split():
                col, _, value = field.partition(b":")
                try:
                    entry = float(col), float(value)
                    if b"_" in field or not all(abs(number) <= LARGEST for number in entry):
                        raise ValueError
                except ValueError:
                    got = shorten(field.decode("utf-8", "backslashreplace"))
                    self.report.error(
                        self.path, first_line + row, f"expected 'column:value', two numbers, got {got}"
                    )
                    continue
                rows.append(row)
                cols.append(entry[0])
                values.append(entry[1])
        return np.array(rows, dtype=np.int64), np.array(cols), np.array(values)

    def _checked(
        self, row: np.ndarray, col: np.ndarray, value: np.ndarray, first_line: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Leaves out and reports entries beyond the header and repeated ones; sorts columns within rows."""
        wrong = (col < 0) | (col >= self.num_cols) | (col != np.floor(col))
        if wrong.any():
            for r, c in zip(row[wrong].tolist(), col[wrong].tolist(), strict=True):
                message = f"expected a column that is a whole number below {self.num_cols}, got {c:g}"
                self.report.error(self.path, first_line + r, message)
            row, col, value = row[~wrong], col[~wrong], value[~wrong]
        if self.kind == "labels" and (value <= 0).any():
            for r in np.unique(row[value <= 0]).tolist():
                self.report.warning(
                    self.path,
                    first_line + r,
                    "a label has relevance zero or less",
                    "documents with labels of relevance zero or less, which are left out",
                )
            keep = value > 0
            row, col, value = row[keep], col[keep], value[keep]
        same_row = row[1:] == row[:-1]
        unsorted = same_row & (col[1:] < col[:-1])
        if unsorted.any():
            if self.kind == "features":
                for r in np.unique(row[1:][unsorted]).tolist():
                    self.report.warning(
                        self.path, first_line + r, "columns are not in ascending order", "unsorted rows are sorted"
                    )
            order = np.lexsort((col, row))
            row, col, value = row[order], col[order], value[order]
            same_row = row[1:] == row[:-1]
        repeated = same_row & (col[1:] == col[:-1])
        if repeated.any():
            where, what = row[1:][repeated], col[1:][repeated]
            if self.kind == "features":
                for r, c in zip(where.tolist(), what.tolist(), strict=True):
                    self.report.error(
                        self.path, first_line + r, f"expected each column once in a row, got {c:g} again"
                    )
            else:
                for r in np.unique(where).tolist():
                    self.report.warning(
                        self.path,
                        first_line + r,
                        "a label is named twice",
                        "documents that name a label twice, counted once",
                    )
            keep = np.concatenate([[True], ~repeated])
            row, col, value = row[keep], col[keep], value[keep]
        if self.kind == "labels":
            value = np.ones_like(value)
        return row, col, value
