"""Writes a raw data folder: gzipped JSON lines and filter files."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import atomic_folder
from .document import Document
from .filter_pairs import write_filter_pairs
from .folder_format import FILTER_FILES, RAW_FILES
from .label import Label

_FILES = [name for names in RAW_FILES.values() for name in names]
_FILTERS = list(FILTER_FILES.values())


def write_raw_folder(
    out: str | os.PathLike[str],
    train: Iterable[Document],
    test: Iterable[Document],
    labels: Iterable[Label],
    filter_train: np.ndarray | Iterable[tuple[int, int]] | None = None,
    filter_test: np.ndarray | Iterable[tuple[int, int]] | None = None,
    overwrite: bool = False,
) -> dict[str, int]:
    """Writes a raw data folder, streaming: nothing but the current line is held in memory.

    The iterables are consumed one after the other in the order labels, train, test, filter_train, filter_test, so
    a generator may fill a list that a later one yields. The same input gives the same bytes. The folder appears
    whole or not at all (see :func:`~xcgraph.data.atomic_folder`).

    Args:
        out: the folder; must be absent or empty unless ``overwrite`` is set.
        train: training documents; their order gives the row numbers.
        test: test documents.
        labels: labels; their order gives the label ids.
        filter_train: pairs (training row, label id), an iterable or an array of shape ``[M, 2]``; None writes no
            file.
        filter_test: the same for the test rows.
        overwrite: replace the data files that ``out`` holds.

    Returns:
        Lines written, by the keys ``labels``, ``train``, ``test``, ``filter_train``, ``filter_test``.

    Raises:
        ValueError: if a document names a label that does not exist.
        FileExistsError: if ``out`` holds files and ``overwrite`` is not set.
    """
    counts: dict[str, int] = {}
    with atomic_folder(out, overwrite, stale=_FILES + _FILTERS) as folder:
        counts["labels"] = write_labels(folder / "lbl.json.gz", labels)
        for key, name, documents in (("train", "trn.json.gz", train), ("test", "tst.json.gz", test)):
            records = (_document_record(document, counts["labels"]) for document in documents)
            counts[key] = _write_json_lines(folder / name, records)
        for key, name, pairs in zip(
            ("filter_train", "filter_test"), _FILTERS, (filter_train, filter_test), strict=True
        ):
            if pairs is not None:
                counts[key] = write_filter_pairs(folder / name, pairs)
    return counts


def write_labels(path: Path, labels: Iterable[Label]) -> int:
    """Writes a label file, gzipped JSON lines; returns how many there were."""
    return _write_json_lines(path, map(_label_record, labels))


def _label_record(label: Label) -> dict[str, Any]:
    record = {"uid": label.uid, "title": label.title}
    if label.content:
        record["content"] = label.content
    return record


def _document_record(document: Document, num_labels: int) -> dict[str, Any]:
    targets = [int(target) for target in document.target_ind]
    if targets and not 0 <= min(targets) <= max(targets) < num_labels:
        raise ValueError(f"document {document.uid!r}: expected labels below {num_labels}, got {targets}")
    record: dict[str, Any] = {"uid": document.uid, "title": document.title}
    if document.content:
        record["content"] = document.content
    record["target_ind"] = targets
    if document.target_rel is not None:
        record["target_rel"] = [float(value) for value in document.target_rel]
    return record


def _write_json_lines(path: Path, records: Iterable[dict[str, Any]]) -> int:
    count = 0
    # Neither time nor file name goes into the gzip header: the same lines give the same bytes.
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False).encode("utf-8") + b"\n")
            count += 1
    return count
