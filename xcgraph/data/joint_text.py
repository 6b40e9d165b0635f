"""The old joint format of the Extreme Classification Repository: labels and features of a document in one line."""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from .filter_pairs import shorten
from .lines import open_binary, report_unreadable
from .report import Report
from .sparse_rows import SparseRows
from .sparse_text import format_rows, read_blocks, read_header

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_LABELS = re.compile(rb"\d+(?:,\d+)*")


def read_joint_text(
    path: str | os.PathLike[str], report: Report | None = None
) -> tuple[csr_matrix, csr_matrix] | None:
    """Reads a joint file: a header ``N V L``, then ``l1,l2,... f1:v1 f2:v2 ...`` for each document.

    A document without labels starts with a blank. Problems as in :func:`read_sparse_text`.

    Args:
        path: the file, plain or gzip.
        report: takes the problems found; by default the first error is raised, and warnings are logged at the end.

    Returns:
        Features ``[N, V]`` and relevance ``[N, L]``, float32, sorted indices. None if ``report`` let a missing
        file or an error in the header pass.

    Raises:
        DataError: for a missing or damaged file, a wrong header, or a line that cannot be read.
    """
    path, own = Path(path), report is None
    report = report or Report()
    x, y = SparseRows(path, "features", report), SparseRows(path, "labels", report)
    try:
        with open_binary(path) as file:
            header = read_header(file, path, ("documents", "features", "labels"), report)
            if header is None:
                return None
            _, x.num_cols, y.num_cols = header
            for line, block in read_blocks(file, 2, header[0], path, report):
                labels, features = _split_block(block, line, path, report)
                y.add(labels, line)
                x.add(features, line)
    except (EOFError, OSError, zlib.error) as error:
        report_unreadable(path, None, error, report)
        return None
    if own:
        report.flush()
    return x.to_csr(), y.to_csr()


def _split_block(block: bytes, first_line: int, path: Path, report: Report) -> tuple[bytes, bytes]:
    """The label part of each line as ``label:1`` fields, and the feature part."""
    labels: list[bytes] = []
    features: list[bytes] = []
    for row, line in enumerate(block.split(b"\n")[:-1]):
        head, _, tail = line.rstrip(b"\r").partition(b" ")
        if b":" in head:  # no labels, and the blank that should say so is missing: no other reading is possible
            head, tail = b"", line
        if head and not _LABELS.fullmatch(head):
            got = shorten(head.decode("utf-8", "backslashreplace"))
            report.error(path, first_line + row, f"expected labels 'l1,l2,...' before the first blank, got {got}")
            head = b""
        labels.append(head.replace(b",", b":1 ") + b":1" if head else b"")
        features.append(tail)
    return b"\n".join(labels) + b"\n", b"\n".join(features) + b"\n"


def write_joint_text(path: str | os.PathLike[str], x: csr_matrix, y: csr_matrix) -> None:
    """Writes features ``[N, V]`` and relevance ``[N, L]`` as one joint file."""
    labels = y if y.has_sorted_indices else y.sorted_indices()
    with open(path, "wb") as file:
        file.write(b"%d %d %d\n" % (x.shape[0], x.shape[1], y.shape[1]))
        for row, fields in enumerate(format_rows(x)):
            named = labels.indices[labels.indptr[row] : labels.indptr[row + 1]].tolist()
            file.write(f"{','.join(map(str, named))} {' '.join(fields)}\n".encode("ascii"))
