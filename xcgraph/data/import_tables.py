"""From tables with labels by name to a raw data folder."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from .atomic import refuse_occupied
from .bad_rows import BadRows
from .build_report import BuildReport
from .collected_split import CollectedSplit
from .document import Document
from .document_collector import DocumentCollector, Unlisted
from .error import DataError
from .named_document import NamedDocument
from .named_table import read_named_documents, read_named_labels
from .raw_writer import write_raw_folder
from .report import Report
from .table_layout import TableLayout

logger = logging.getLogger(__name__)

_SEPARATORS = ",;|\t"


def import_tables(
    out: str | os.PathLike[str],
    files: Sequence[str | os.PathLike[str]],
    layout: TableLayout,
    *,
    test_files: Sequence[str | os.PathLike[str]] = (),
    label_file: str | os.PathLike[str] | None = None,
    label_layout: TableLayout | None = None,
    unlisted: Unlisted = "error",
    test_fraction: float = 0.2,
    seed: int = 0,
    related: bool = True,
    overwrite: bool = False,
    skip_bad_rows: bool = False,
) -> BuildReport:
    """Writes a raw data folder from CSV, TSV, JSON lines or Parquet files.

    Files are read once for names of labels and the split, and again for each side of the split, so that no texts
    of documents are held in memory. Which documents are left out, on which side the others are, and which pairs
    are filtered says :class:`~xcgraph.data.DocumentCollector`.

    Args:
        out: the folder; must be absent or empty unless ``overwrite`` is set.
        files: tables of documents.
        layout: their columns.
        test_files: tables of test documents; those of ``files`` are then all training documents.
        label_file: a table of labels; by default the labels that documents name, with the name as text.
        label_layout: its columns; by default ``uid`` and ``title``.
        unlisted: what becomes of labels that ``label_file`` lacks: ``"error"``, ``"name"`` or ``"drop"``.
        test_fraction: share of groups, or texts, that are test documents.
        seed: another seed, another split.
        related: whether a document and a label of one uid are the same item; only where the layout has a ``uid``.
        overwrite: replace the data files that ``out`` holds.
        skip_bad_rows: leave out rows of documents that cannot be read (of too many cells, of another encoding, no
            JSON object, a cell that is no text), count them, and tell the first.

    Returns:
        Counts of what was written and left out.

    Raises:
        DataError: in one line with file and line, if a file cannot be used.
        FileExistsError: if ``out`` holds files and ``overwrite`` is not set.
        ValueError: if an option is out of range, or both ``test_files`` and a ``split`` column are given.
    """
    if test_files and layout.split is not None:
        raise ValueError("expected either 'test_files' or a 'split' column, got both")
    refuse_occupied(out, overwrite)
    labels = None
    if label_file is not None:
        label_layout = label_layout or TableLayout(uid="uid", labels=None)
        labels = list(read_named_labels(Path(label_file), label_layout))
        if not labels:
            raise DataError("expected at least one label, got none", label_file)
    related = related and layout.uid is not None
    collector = DocumentCollector(labels, unlisted, test_fraction, seed, related)
    sides: tuple[Literal["train", "test"] | None, ...] = ("train", "test") if test_files else (None,)
    inputs = [
        (Path(path), side) for side, paths in zip(sides, (files, test_files), strict=False) for path in paths
    ]

    bad = BadRows()

    def stream(rows: Report | None) -> Iterator[NamedDocument]:
        for path, side in inputs:
            yield from read_named_documents(path, layout, side, rows)

    alone: Counter[str] = Counter()  # labels that stand alone in their document, by what may separate them
    for document in stream(bad if skip_bad_rows else None):
        collector.add(document)
        alone.update({mark for mark in _SEPARATORS if len(document.labels) == 1 and mark in document.labels[0]})
    if bad.first is not None:
        logger.warning("left out %d rows that cannot be read; the first: %s", bad.count, bad.first)
    splits = collector.finish()

    def documents(kept: CollectedSplit) -> Iterator[Document]:
        number = 0
        for row, document in enumerate(stream(BadRows() if skip_bad_rows else None)):
            if number < len(kept.rows) and kept.rows[number] == row:
                targets = kept.y.indices[kept.y.indptr[number] : kept.y.indptr[number + 1]].tolist()
                yield Document(kept.uids[number], document.title, document.content, targets)
                number += 1
        if number < len(kept.rows):
            raise DataError("expected as many rows as before, got fewer: a file has changed; import again", out)

    train, test = splits["train"], splits["test"]
    for mark, count in alone.most_common(1):
        if 2 * count > len(train.uids) + len(test.uids):
            logger.warning(
                "%d documents have one label that holds %r: if that is several labels, separate by it", count, mark
            )
    write_raw_folder(
        out,
        train=documents(train),
        test=documents(test),
        labels=collector.labels,
        filter_train=train.pairs if related else None,
        filter_test=test.pairs if related else None,
        overwrite=overwrite,
    )
    report = collector.report(splits)
    if bad.count:
        report.dropped["rows that cannot be read"] = bad.count
    return report
