"""Filter pairs: (document, label) entries that leave both predictions and truth before scoring."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .lines import read_lines
from .report import Report

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def read_filter_pairs(
    path: str | os.PathLike[str],
    num_documents: int,
    num_labels: int,
    report: Report | None = None,
) -> np.ndarray:
    """Reads a filter file: one ``document label`` a line, both 0-based; blank lines are skipped.

    Args:
        path: the file; an absent one means no pairs.
        num_documents: rows of the split that the file belongs to.
        num_labels: number of labels.
        report: takes the problems found; by default the first error is raised.

    Returns:
        int64, shape ``[M, 2]``, in file order.

    Raises:
        DataError: if a line does not hold two whole numbers, or one of them is out of range.
    """
    path = Path(path)
    report = report or Report()
    pairs = array("q")
    if path.exists():
        for number, line in read_lines(path, report):
            if line is None or not line.strip():
                continue
            fields = line.split()
            try:
                document, label = (int(field) for field in fields)
            except ValueError:
                report.error(path, number, f"expected 'document label', two whole numbers, got {shorten(line)}")
                continue
            if not 0 <= document < num_documents:
                report.error(path, number, f"expected a document below {num_documents}, got {document}")
            elif not 0 <= label < num_labels:
                report.error(path, number, f"expected a label below {num_labels}, got {label}")
            else:
                pairs.extend((document, label))
    return np.frombuffer(pairs, dtype=np.int64).reshape(-1, 2).copy() if pairs else no_pairs()


def write_filter_pairs(path: str | os.PathLike[str], pairs: np.ndarray | Iterable[tuple[int, int]]) -> int:
    """Writes ``pairs`` (``[M, 2]`` or an iterable of pairs) in that order; returns how many there were."""
    count = 0
    with open(path, "w", encoding="ascii", newline="\n") as file:
        for document, label in pairs:
            file.write(f"{int(document)} {int(label)}\n")
            count += 1
    return count


def select_filter_rows(pairs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The pairs of documents ``rows``, renumbered to positions in ``rows``.

    Args:
        pairs: int64, shape ``[M, 2]``.
        rows: distinct document rows, shape ``[B]``.

    Returns:
        int64, shape ``[M', 2]``, in the order of ``pairs``.
    """
    if len(pairs) == 0 or len(rows) == 0:
        return no_pairs()
    position = np.full(max(int(pairs[:, 0].max()), int(np.max(rows))) + 1, -1, dtype=np.int64)
    position[rows] = np.arange(len(rows))
    moved = position[pairs[:, 0]]
    keep = moved >= 0
    return np.stack([moved[keep], pairs[keep, 1]], axis=1)


def most_pairs(pairs: np.ndarray) -> int:
    """The most pairs ``[M, 2]`` that any document has: so many labels more make up for those that are filtered."""
    return int(np.bincount(pairs[:, 0]).max()) if len(pairs) else 0


def pairs_matrix(pairs: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    """Pairs ``[M, 2]`` as a scipy sparse matrix of ones, one for each distinct pair."""
    from scipy.sparse import csr_matrix

    matrix = csr_matrix((np.ones(len(pairs), dtype=np.float32), (pairs[:, 0], pairs[:, 1])), shape=shape)
    matrix.data[:] = 1.0
    return matrix


def mirrored_pairs(
    y: csr_matrix, uids: Sequence[str], other_uids: Sequence[str], label_uids: Sequence[str]
) -> np.ndarray:
    """Pairs of held-out documents and labels whose mirror is among the known pairs.

    Where items are documents and labels at once, document a having label b says much of whether document b has
    label a; published filter files take such pairs off the test side.

    Args:
        y: relevance of the known documents, ``[N, L]``.
        uids: of the known documents, N.
        other_uids: of the held-out documents, M.
        label_uids: of the labels, L. A document and a label of the same uid are the same item.

    Returns:
        int64 ``[P, 2]``, (held-out document, label), each once, in order.
    """
    row_of = {uid: row for row, uid in enumerate(other_uids)}
    label_of = {uid: label for label, uid in enumerate(label_uids)}
    # The held-out document that each label is, the label that each known document is; -1 for none.
    document = np.array([row_of.get(uid, -1) for uid in label_uids], dtype=np.int64)
    label = np.array([label_of.get(uid, -1) for uid in uids], dtype=np.int64)
    known = y.tocoo()
    pairs = np.stack([document[known.col], label[known.row]], axis=1)
    return np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0)


def own_pairs(uids: Sequence[str], label_uids: Sequence[str]) -> np.ndarray:
    """Pairs of a document and the label of the same uid: int64 ``[P, 2]``, in the order of the documents."""
    label_of = {uid: label for label, uid in enumerate(label_uids)}
    pairs = [(row, label_of[uid]) for row, uid in enumerate(uids) if uid in label_of]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def related_pairs(
    train_y: csr_matrix, train_uids: Sequence[str], test_uids: Sequence[str], label_uids: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Filter pairs of data where items are documents and labels at once: what could be had without generalising.

    Each document with the label that it is itself, and each test document with the labels whose own training
    document names it (:func:`mirrored_pairs`).

    Args:
        train_y: relevance of the training documents, ``[N, L]``.
        train_uids: of the training documents, N.
        test_uids: of the test documents, N'.
        label_uids: of the labels, L. A document and a label of the same uid are the same item.

    Returns:
        ``(train, test)``, int64 ``[P, 2]`` and ``[P', 2]``, (row, label), each once, in order.
    """
    mirrored = mirrored_pairs(train_y, train_uids, test_uids, label_uids)
    test = np.unique(np.concatenate([own_pairs(test_uids, label_uids), mirrored]), axis=0)
    return own_pairs(train_uids, label_uids), test


def no_pairs() -> np.ndarray:
    """An empty ``[0, 2]`` array."""
    return np.empty((0, 2), dtype=np.int64)


def shorten(text: str, width: int = 60) -> str:
    """``text`` quoted, cut to ``width`` characters, for error messages."""
    text = text.strip()
    return repr(text if len(text) <= width else text[: width - 3] + "...")
