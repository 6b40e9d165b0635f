"""The data set that everything else works on."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .error import DataError
from .filter_pairs import no_pairs
from .folder_format import FolderFormat, folder_format
from .raw_folder import RawFolder, TextField
from .report import Report
from .split import near_duplicate_groups, split_validation
from .vectorizer import Vectorizer
from .xmlrepo_reader import read_xmlrepo_folder

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

logger = logging.getLogger(__name__)


@dataclass
class LFDataset:
    """Documents, labels with features of their own (label features, "LF"), and which labels documents have.

    All matrices are float32 ``scipy.sparse.csr_matrix`` with sorted indices; N training documents, N' test
    documents, L labels, V features.

    Args:
        name: what to call it.
        train_x: training documents, ``[N, V]``, rows of L2 norm 1.
        test_x: test documents, ``[N', V]``.
        label_x: label texts, ``[L, V]``, same features as the documents.
        train_y: relevance, ``[N, L]``, ones.
        test_y: relevance, ``[N', L]``.
        train_filter: int64 ``[M, 2]``, pairs (row of ``train_x``, label) that leave predictions and truth before
            scoring.
        test_filter: the same for the test documents.
        label_uids: names of the labels, L.
        label_titles: titles of the labels, L.
        test_uids: names of the test documents, N'.
        train_uids: names of the training documents, N.
        vectorizer: what turned texts into features; None where only features were given.
        propensity: constants (A, B) of the propensity model (Jain et al., KDD 2016, section 3).

    Raises:
        ValueError: if the shapes do not fit together.
    """

    name: str
    train_x: csr_matrix
    test_x: csr_matrix
    label_x: csr_matrix
    train_y: csr_matrix
    test_y: csr_matrix
    train_filter: np.ndarray = field(default_factory=no_pairs)
    test_filter: np.ndarray = field(default_factory=no_pairs)
    label_uids: list[str] = field(default_factory=list)
    label_titles: list[str] = field(default_factory=list)
    test_uids: list[str] = field(default_factory=list)
    train_uids: list[str] = field(default_factory=list)
    vectorizer: Vectorizer | None = None
    propensity: tuple[float, float] = (0.55, 1.5)

    def __post_init__(self) -> None:
        num_train, num_test = self.train_x.shape[0], self.test_x.shape[0]
        for name, expected in (
            ("test_x", (num_test, self.num_features)),
            ("train_x", (num_train, self.num_features)),
            ("train_y", (num_train, self.num_labels)),
            ("test_y", (num_test, self.num_labels)),
        ):
            if getattr(self, name).shape != expected:
                raise ValueError(f"'{name}' must be of shape {expected}, got {getattr(self, name).shape}")
        for name, length in (
            ("label_uids", self.num_labels),
            ("label_titles", self.num_labels),
            ("test_uids", num_test),
            ("train_uids", num_train),
        ):
            if not getattr(self, name):
                setattr(self, name, [str(i) for i in range(length)])
            if len(getattr(self, name)) != length:
                raise ValueError(f"'{name}' must have {length} entries, got {len(getattr(self, name))}")
        for name, rows in (("train_filter", num_train), ("test_filter", num_test)):
            pairs = np.asarray(getattr(self, name), dtype=np.int64).reshape(-1, 2)
            if len(pairs) and (pairs.min() < 0 or (pairs.max(0) >= (rows, self.num_labels)).any()):
                raise ValueError(f"'{name}' must hold rows below {rows} and labels below {self.num_labels}")
            setattr(self, name, pairs)

    @classmethod
    def load(
        cls,
        folder: str | os.PathLike[str],
        text: TextField = "all",
        vectorizer: Vectorizer | None = None,
        *,
        name: str | None = None,
        propensity: tuple[float, float] = (0.55, 1.5),
        format: FolderFormat | None = None,
        **options: Any,
    ) -> LFDataset:
        """Reads a data folder; raw JSON lines, or the sparse files of the Extreme Classification Repository.

        Each file is read once, and texts are not kept: memory is that of the matrices and names. Problems that a
        run can go on with are counted and logged, one line for each kind.

        Args:
            folder: the folder.
            text: ``"title"``, or ``"all"`` for title and content; without effect on sparse files.
            vectorizer: a fitted one is used as it is, an unfitted one is fitted on labels and training documents.
                By default a new one is made.
            name: by default the name of the folder.
            propensity: constants (A, B).
            format: ``"raw"``, ``"xmlrepo"`` or ``"joint"``, for a folder that holds several; by default what
                :func:`~xcgraph.data.folder_format` says.
            options: of :class:`Vectorizer`, where none is given.

        Raises:
            DataError: in one line naming file and line, if something is missing, damaged or does not fit together.
            ValueError: if an option is wrong.
        """
        if text not in ("all", "title"):
            raise ValueError(f"'text' must be 'all' or 'title', got {text!r}")
        if vectorizer is not None and options:
            raise ValueError(f"expected either a vectorizer or its options, got both: {', '.join(options)}")
        folder = Path(folder)
        format = format or folder_format(folder)
        name = name or folder.resolve().name
        report = Report()
        if format == "raw":
            vectorizer = vectorizer or Vectorizer(**options)
            return cls._load_raw(folder, text, vectorizer, name, propensity, report)
        if vectorizer is not None or options:
            raise ValueError(f"{folder}: holds features, not texts: a vectorizer or its options have no use here")
        parts = read_xmlrepo_folder(folder, format, report)
        assert parts is not None  # this report raises errors
        report.flush()
        return cls(
            name=name,
            train_x=parts.train.x,
            test_x=parts.test.x,
            label_x=parts.label_x,
            train_y=parts.train.y,
            test_y=parts.test.y,
            train_filter=parts.train.pairs,
            test_filter=parts.test.pairs,
            label_uids=parts.label_uids,
            label_titles=parts.label_titles,
            test_uids=[str(row) for row in parts.test.rows.tolist()],
            train_uids=[str(row) for row in parts.train.rows.tolist()],
            propensity=propensity,
        )

    @classmethod
    def _load_raw(
        cls,
        folder: Path,
        text: TextField,
        vectorizer: Vectorizer,
        name: str,
        propensity: tuple[float, float],
        report: Report,
    ) -> LFDataset:
        raw = RawFolder(folder, text, report)
        if vectorizer.is_fitted:
            label_x = vectorizer.transform(raw.label_texts())
            train_x = vectorizer.transform(raw.document_texts("train"))
        else:
            try:
                label_x, train_x = vectorizer.fit_transform(raw.label_texts(), raw.document_texts("train"))
            except DataError as error:
                if error.path is None:
                    raise DataError(error.message, folder) from None
                raise
        test_x = vectorizer.transform(raw.document_texts("test"))
        raw.finish()
        report.flush()
        return cls(
            name=name,
            train_x=train_x,
            test_x=test_x,
            label_x=label_x,
            train_y=raw.y["train"],
            test_y=raw.y["test"],
            train_filter=raw.filters["train"],
            test_filter=raw.filters["test"],
            label_uids=raw.label_uids,
            label_titles=raw.label_titles,
            test_uids=raw.splits["test"].uids,
            train_uids=raw.splits["train"].uids,
            vectorizer=vectorizer,
            propensity=propensity,
        )

    @property
    def num_labels(self) -> int:
        """L."""
        return int(self.label_x.shape[0])

    @property
    def num_features(self) -> int:
        """V."""
        return int(self.label_x.shape[1])

    @property
    def doc_x(self) -> csr_matrix:
        """Training documents over test documents, ``[N + N', V]``; a copy, made anew each time."""
        from scipy.sparse import vstack

        return vstack([self.train_x, self.test_x], format="csr")

    @property
    def y(self) -> csr_matrix:
        """Relevance of :attr:`doc_x`, ``[N + N', L]``; a copy, made anew each time."""
        from scipy.sparse import vstack

        return vstack([self.train_y, self.test_y], format="csr")

    @property
    def splits(self) -> dict[str, np.ndarray]:
        """Rows of :attr:`doc_x` by split, int64: keys ``train`` and ``test``."""
        num_train = self.train_x.shape[0]
        return {"train": np.arange(num_train), "test": np.arange(num_train, num_train + self.test_x.shape[0])}

    def split_validation(
        self,
        fraction: float = 0.05,
        max_documents: int | None = None,
        seed: int = 0,
        keep_duplicates_together: bool = False,
        keep_labels: bool = True,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Chooses validation documents among the training documents; see ``xcgraph.data.split``.

        Documents whose every label is in ``train_filter`` are not chosen; the pairs of the chosen ones are
        ``select_filter_rows(data.train_filter, val_rows)``.

        Args:
            fraction: share of the training documents, 0 to 1; fewer where too many labels have one document.
            max_documents: choose no more than these.
            seed: the same seed chooses the same documents.
            keep_duplicates_together: choose near-duplicates (:func:`~xcgraph.data.near_duplicate_groups`) whole
                or not at all.
            keep_labels: every label keeps a training document.

        Returns:
            ``(fit_rows, val_rows)``, rows of ``train_x``, int64, both ascending.
        """
        groups = near_duplicate_groups(self.train_x) if keep_duplicates_together else None
        return split_validation(
            self.train_y, self.train_filter, fraction, max_documents, seed, groups, keep_labels
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.name!r}, train={self.train_x.shape[0]}, test={self.test_x.shape[0]}, "
            f"labels={self.num_labels}, features={self.num_features})"
        )
