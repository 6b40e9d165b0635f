"""A raw data folder as streams of texts; relevance, names and filter pairs are kept as they go by."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from .filter_pairs import read_filter_pairs, select_filter_rows, shorten
from .folder_format import FILTER_FILES, RAW_FILES, find_file
from .raw_reader import iter_documents, iter_labels
from .relevance import report_label_coverage, report_no_documents, report_unlabelled
from .report import Report

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

TextField: TypeAlias = Literal["all", "title"]
_ANY_LABEL = 2**31 - 1


class RawSplit:
    """What is kept of one of the two document files: everything but the texts."""

    def __init__(self) -> None:
        self.uids: list[str] = []
        self.num_lines = 0
        self.rows = array("q")  # file row of each document that is kept
        self.indices = array("i")
        self.indptr = array("q", [0])

    def append(self, row: int, uid: str, targets: Sequence[int]) -> None:
        """Keeps a document: its row in the file (or among all), name and label ids."""
        self.uids.append(uid)
        self.rows.append(row)
        self.indices.extend(targets)
        self.indptr.append(len(self.indices))

    def y(self, num_labels: int) -> csr_matrix:
        """Documents kept x labels, float32 of ones."""
        from scipy.sparse import csr_matrix

        indices = np.array(self.indices, dtype=np.int32)
        arrays = (np.ones(len(indices), dtype=np.float32), indices, np.array(self.indptr, dtype=np.int64))
        matrix = csr_matrix(arrays, shape=(len(self.indptr) - 1, num_labels))
        matrix.sort_indices()
        return matrix


class RawFolder:
    """Reads a raw data folder in the order labels, training documents, test documents, :meth:`finish`.

    Each file is read once, and no list of texts is kept. The loader feeds the streams to a vectoriser, the checker
    lets them run dry.

    Args:
        folder: the folder.
        text: ``"title"``, or ``"all"`` for title and content.
        report: takes the problems.
    """

    def __init__(self, folder: Path, text: TextField, report: Report) -> None:
        self.folder = folder
        self.text = text
        self.report = report
        self.label_uids: list[str] = []
        self.label_titles: list[str] = []
        self.splits = {"train": RawSplit(), "test": RawSplit()}
        self.filters: dict[str, np.ndarray] = {}
        self.y: dict[str, csr_matrix] = {}
        self._paths: dict[str, Path | None] = {}
        for name, files in RAW_FILES.items():
            self._paths[name] = find_file(folder, files)
            if self._paths[name] is None:
                report.error(folder / files[0], None, "file is missing")

    def path(self, part: str) -> Path:
        """The file of ``labels``, ``train`` or ``test``, or where it should be."""
        stem = {"labels": "lbl", "train": "trn", "test": "tst"}[part]
        return self._paths[stem] or self.folder / RAW_FILES[stem][0]

    def label_texts(self) -> Iterator[str]:
        """Yields the label texts in the order of their ids."""
        path = self._paths["lbl"]
        if path is None:
            return
        for label in iter_labels(path, self.report):
            self.label_uids.append(label.uid)
            self.label_titles.append(label.title)
            yield self._text(label.title, label.content)
        if not self.label_uids:
            self.report.error(path, None, "expected at least one label, got none")

    def document_texts(self, split: Literal["train", "test"]) -> Iterator[str]:
        """Yields the texts of a split; training documents without labels are left out."""
        path = self._paths["trn" if split == "train" else "tst"]
        if path is None:
            return
        kept = self.splits[split]
        seen = set(self.splits["train"].uids) if split == "test" else set()
        # Without labels to compare with, one missing file would make every document wrong.
        num_labels = len(self.label_uids) or _ANY_LABEL
        for line, document in iter_documents(path, num_labels, self.report):
            kept.num_lines = line
            if document is None:
                continue
            if document.uid in seen:
                message = f"uid {shorten(document.uid)} is a training document too"
                self.report.warning(path, line, message, "test documents are training documents too")
            if not document.target_ind:
                report_unlabelled(path, line, split, self.report)
                if split == "train":
                    continue
            kept.append(line - 1, document.uid, document.target_ind)
            yield self._text(document.title, document.content)
        if not kept.indices:
            report_no_documents(path, kept.num_lines, self.report)

    def finish(self) -> None:
        """After the three streams: reads filter files, makes :attr:`y` and :attr:`filters`, checks the labels."""
        num_labels = len(self.label_uids)
        for split, kept in self.splits.items():
            path = self.folder / FILTER_FILES[split]
            known = (
                self._paths["lbl"] is not None and self._paths["trn" if split == "train" else "tst"] is not None
            )
            limits = (kept.num_lines, num_labels) if known else (_ANY_LABEL, _ANY_LABEL)
            pairs = read_filter_pairs(path, *limits, self.report)
            self.filters[split] = select_filter_rows(pairs, np.array(kept.rows, dtype=np.int64))
        lbl = self._paths["lbl"]
        if lbl is None or not num_labels:
            return
        for split, kept in self.splits.items():
            self.y[split] = kept.y(num_labels)
        if self._paths["trn"] is not None and self._paths["tst"] is not None:
            report_label_coverage(self.y["train"], self.y["test"], lbl, 1, self.label_uids, self.report)

    def _text(self, title: str, content: str) -> str:
        return f"{title} {content}" if content and self.text == "all" else title
