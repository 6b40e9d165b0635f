"""Reads a data folder of sparse text files, as the Extreme Classification Repository publishes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from .filter_pairs import no_pairs, read_filter_pairs, select_filter_rows
from .folder_format import FILTER_FILES, JOINT_FILES, LABEL_FEATURES, RAW_FILES, TWO_PART_FILES, find_file
from .joint_text import read_joint_text
from .lines import read_lines
from .raw_reader import iter_labels
from .relevance import report_label_coverage, report_no_documents, report_unlabelled
from .report import Report
from .sparse_text import read_sparse_text

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass
class XMLRepoSplit:
    """One split: features ``[N, V]``, relevance ``[N, L]``, row in the file ``[N]``, filter pairs ``[M, 2]``."""

    x: csr_matrix
    y: csr_matrix
    rows: np.ndarray
    pairs: np.ndarray


@dataclass
class XMLRepoFolder:
    """What :func:`read_xmlrepo_folder` found; features have rows of L2 norm 1."""

    train: XMLRepoSplit
    test: XMLRepoSplit
    label_x: csr_matrix
    label_uids: list[str]
    label_titles: list[str]


def read_xmlrepo_folder(folder: Path, layout: Literal["xmlrepo", "joint"], report: Report) -> XMLRepoFolder | None:
    """Reads either layout; features are L2-normalised by row, training documents without labels left out.

    Titles come from ``lbl.json.gz`` or ``Y.txt`` (one a line) where the folder holds one of them.

    Args:
        folder: the folder.
        layout: ``"xmlrepo"`` for two files a split, ``"joint"`` for one.
        report: takes the problems.

    Returns:
        None if ``report`` let an error pass without which nothing fits together.

    Raises:
        DataError: for what the files' readers raise, and for shapes that do not fit together.
    """
    label_path = find_file(folder, LABEL_FEATURES) or folder / LABEL_FEATURES[-1]
    label_x = read_sparse_text(label_path, report=report)
    parts = {split: _read_split(folder, layout, split, report) for split in ("train", "test")}
    if label_x is None or parts["train"] is None or parts["test"] is None:
        return None
    shape = label_x.shape
    fits = True
    for paths, x, y in parts.values():  # type: ignore[misc]
        if x.shape[0] != y.shape[0]:
            report.error(paths[1], 1, f"expected {x.shape[0]} rows as in {paths[0].name}, got {y.shape[0]}")
            fits = False
        if x.shape[1] != shape[1]:
            message = f"expected {shape[1]} features as in {label_path.name}, got {x.shape[1]}"
            report.error(paths[0], 1, message)
            fits = False
        if y.shape[1] != shape[0]:
            message = f"expected {shape[0]} labels as in {label_path.name}, got {y.shape[1]}"
            report.error(paths[1], 1, message)
            fits = False
        x.eliminate_zeros()
    if not fits:
        return None
    label_x.eliminate_zeros()
    label_x = _normalize(label_x)
    for row in np.flatnonzero(np.diff(label_x.indptr) == 0).tolist():
        report.warning(label_path, row + 2, f"label {row} has no features", "labels without features")
    uids, titles = _read_titles(folder, shape[0], report)
    splits = {}
    for split, part in parts.items():
        assert part is not None
        splits[split] = _finish_split(folder, split, *part, report=report)
    report_label_coverage(splits["train"].y, splits["test"].y, label_path, 2, uids, report)
    return XMLRepoFolder(splits["train"], splits["test"], label_x, uids, titles)


def _read_split(
    folder: Path, layout: str, split: str, report: Report
) -> tuple[tuple[Path, Path], csr_matrix, csr_matrix] | None:
    """``(files of features and relevance, features, relevance)``."""
    if layout == "joint":
        path = folder / JOINT_FILES[split][0]
        joint = read_joint_text(path, report)
        return None if joint is None else ((path, path), *joint)
    stem = "trn" if split == "train" else "tst"
    paths = folder / TWO_PART_FILES[f"{stem}_X_Xf"][0], folder / TWO_PART_FILES[f"{stem}_X_Y"][0]
    x = read_sparse_text(paths[0], report=report)
    y = read_sparse_text(paths[1], labels=True, report=report)
    return None if x is None or y is None else (paths, x, y)


def _finish_split(
    folder: Path, split: str, paths: tuple[Path, Path], x: csr_matrix, y: csr_matrix, report: Report
) -> XMLRepoSplit:
    pairs = no_pairs()
    filters = folder / FILTER_FILES[split]
    if filters.exists():
        pairs = read_filter_pairs(filters, x.shape[0], y.shape[1], report)
    for row in np.flatnonzero(np.diff(x.indptr) == 0).tolist():
        report.warning(paths[0], row + 2, "document has no features", "documents without features")
    labelled = np.diff(y.indptr) > 0
    for row in np.flatnonzero(~labelled).tolist():
        report_unlabelled(paths[1], row + 2, split, report)
    if not labelled.any():
        report_no_documents(paths[1], len(labelled), report)
    rows = np.arange(len(labelled))
    if split == "train" and not labelled.all():
        rows = np.flatnonzero(labelled)
        x, y, pairs = x[rows], y[rows], select_filter_rows(pairs, rows)
    return XMLRepoSplit(_normalize(x), y, rows, pairs)


def _normalize(x: csr_matrix) -> csr_matrix:
    from sklearn.preprocessing import normalize

    return x if x.shape[0] == 0 else normalize(x, norm="l2", copy=False)


def _read_titles(folder: Path, num_labels: int, report: Report) -> tuple[list[str], list[str]]:
    """``(uids, titles)``; numbers where the folder holds no titles."""
    numbers = [str(i) for i in range(num_labels)]
    uids, titles = numbers, numbers
    path = find_file(folder, RAW_FILES["lbl"])
    if path is not None:
        labels = list(iter_labels(path, report))
        uids, titles = [label.uid for label in labels], [label.title for label in labels]
    elif (folder / "Y.txt").is_file():
        path = folder / "Y.txt"
        titles = [line or "" for _, line in read_lines(path, report)]
        while len(titles) > num_labels and not titles[-1].strip():
            titles.pop()
    if path is not None and len(titles) != num_labels:
        report.error(path, None, f"expected {num_labels} labels as in the label features, got {len(titles)}")
        uids, titles = numbers, numbers
    return uids, titles
