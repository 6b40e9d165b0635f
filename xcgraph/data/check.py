"""Every problem of a data folder at once, and its state of health."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from .error import DataError
from .folder_format import FILTER_FILES, JOINT_FILES, LABEL_FEATURES, TWO_PART_FILES, find_file, folder_format
from .health import ExaminedPart, look_over
from .health_report import HealthReport
from .problem import Problem
from .raw_folder import RawFolder
from .report import Report
from .text_hash import text_hash
from .xmlrepo_reader import read_xmlrepo_folder

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class _Collector(Report):
    """Keeps all problems and lets the readers go on."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[Problem] = []

    def error(self, path: str | os.PathLike[str], line: int | None, message: str) -> None:
        self.problems.append(Problem(os.fspath(path), line, "error", " ".join(message.split())))

    def warning(self, path: str | os.PathLike[str], line: int | None, message: str, kind: str) -> None:
        super().warning(path, line, message, kind)
        self.problems.append(Problem(os.fspath(path), line, "warning", " ".join(message.split())))


def check_folder(folder: str | os.PathLike[str]) -> list[Problem]:
    """The problems that :func:`examine_folder` finds."""
    return examine_folder(folder)[0]


def examine_folder(folder: str | os.PathLike[str]) -> tuple[list[Problem], HealthReport | None]:
    """Reads a whole data folder with the readers that ``LFDataset.load`` uses, and collects what they object to.

    Texts are not kept, but 64 bits of each, by which equal texts are found.

    Args:
        folder: a folder of any format that :func:`~xcgraph.data.folder_format` knows.

    Returns:
        ``(problems, health)``: all problems, file by file in the order they are read, empty if there are none; and
        the state of what could be read, None if a side of it has no document or no label.
    """
    folder = Path(folder)
    collector = _Collector()
    try:
        format = folder_format(folder)
    except DataError as error:
        return [Problem(os.fspath(folder), None, "error", error.message)], None
    health = _examine_raw(folder, collector) if format == "raw" else _examine_sparse(folder, format, collector)
    return collector.problems, health


def _examine_raw(folder: Path, collector: _Collector) -> HealthReport | None:
    raw = RawFolder(folder, "all", collector)
    hashes = {"labels": _text_hashes(raw.label_texts())}
    hashes["train"] = _text_hashes(raw.document_texts("train"))
    hashes["test"] = _text_hashes(raw.document_texts("test"))
    raw.finish()
    if not all(len(values) for values in hashes.values()):
        return None
    lines = {split: np.array(kept.rows, dtype=np.int64) + 1 for split, kept in raw.splits.items()}
    lines["labels"] = np.arange(len(raw.label_uids)) + 1
    uids = {"labels": raw.label_uids, **{split: kept.uids for split, kept in raw.splits.items()}}
    parts = {key: ExaminedPart(raw.path(key), lines[key], uids[key], hashes[key]) for key in hashes}
    return look_over(parts, raw.y, raw.filters, FILTER_FILES, collector)


def _examine_sparse(
    folder: Path, format: Literal["xmlrepo", "joint"], collector: _Collector
) -> HealthReport | None:
    found = read_xmlrepo_folder(folder, format, collector)
    if found is None or not (found.label_uids and len(found.train.rows) and len(found.test.rows)):
        return None
    splits = {"train": found.train, "test": found.test}
    label_path = find_file(folder, LABEL_FEATURES) or folder / LABEL_FEATURES[0]
    parts = {"labels": (label_path, np.arange(len(found.label_uids)), found.label_x)}
    for split, stem in (("train", "trn"), ("test", "tst")):
        name = JOINT_FILES[split][0] if format == "joint" else TWO_PART_FILES[f"{stem}_X_Xf"][0]
        parts[split] = (folder / name, splits[split].rows, splits[split].x)
    # Line 1 is the header. Rows have no names of their own.
    examined = {key: ExaminedPart(path, rows + 2, None, _row_hashes(x)) for key, (path, rows, x) in parts.items()}
    y = {split: part.y for split, part in splits.items()}
    pairs = {split: part.pairs for split, part in splits.items()}
    return look_over(examined, y, pairs, FILTER_FILES, collector, "features")


def _text_hashes(texts: Iterable[str]) -> np.ndarray:
    return np.array(array("Q", map(text_hash, texts)), dtype=np.uint64)


def _row_hashes(x: csr_matrix) -> np.ndarray:
    """As :func:`~xcgraph.data.text_hash`, of rows of features."""
    hashes = np.zeros(x.shape[0], dtype=np.uint64)
    for row, (start, end) in enumerate(zip(x.indptr[:-1].tolist(), x.indptr[1:].tolist(), strict=True)):
        if end > start:
            digest = hashlib.blake2b(x.indices[start:end].tobytes(), digest_size=8)
            digest.update(x.data[start:end].tobytes())
            hashes[row] = int.from_bytes(digest.digest(), "big")
    return hashes
