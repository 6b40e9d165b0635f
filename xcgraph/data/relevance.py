"""Checks of documents x labels that every format shares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .report import Report

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def report_unlabelled(path: Path, line: int, split: str, report: Report) -> None:
    """A document without labels: of no use for training, but a row of the test metrics."""
    if split == "train":
        report.warning(path, line, "document has no labels: left out", "documents without labels are left out")
    else:
        kind = "test documents without labels count as rows of the metrics"
        report.warning(path, line, "document has no labels: every prediction for it is wrong", kind)


def report_no_documents(path: Path, num_lines: int, report: Report) -> None:
    """A split of no use: empty, or without labels on any document."""
    got = f"{num_lines} without labels" if num_lines else "none"
    report.error(path, None, f"expected at least one document with labels, got {got}")


def report_label_coverage(
    train_y: csr_matrix, test_y: csr_matrix, path: Path, first_line: int, uids: Sequence[str], report: Report
) -> None:
    """Labels without training documents; label ``i`` is line ``first_line + i`` of ``path``."""
    num_labels = train_y.shape[1]
    in_train = np.bincount(train_y.indices, minlength=num_labels) > 0
    in_test = np.bincount(test_y.indices, minlength=num_labels) > 0
    for label in np.flatnonzero(~in_train).tolist():
        if in_test[label]:
            message, kind = "is seen only in test", "labels are seen only in test"
        else:
            message, kind = "has no document", "labels have no document"
        report.warning(path, first_line + label, f"label {uids[label]!r} {message}", kind)
