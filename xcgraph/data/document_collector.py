"""From documents with labels by name to ids, a split and filter pairs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeAlias

import numpy as np

from .build_report import BuildReport
from .collected_split import CollectedSplit
from .error import DataError
from .filter_pairs import no_pairs, pairs_matrix, related_pairs, select_filter_rows, shorten
from .label import Label
from .named_document import NamedDocument
from .raw_folder import RawSplit
from .text_hash import hash_share, normal_text

logger = logging.getLogger(__name__)

Unlisted: TypeAlias = Literal["error", "name", "drop"]
NO_TEXT, NO_LABELS = "documents without text", "documents without labels"


class DocumentCollector:
    """Takes documents one at a time and keeps label ids and names, no texts: those are read again, by row.

    * A document is on the side that it names; else its group, else its text (title and content, regardless of case
      and blanks) says which, by :func:`~xcgraph.data.hash_share`: one text is never on both sides.
    * Documents without text or labels are left out, and counted.
    * Where uids are given, a document and a label of one name are the same item. The pairs of
      :func:`~xcgraph.data.related_pairs` become filter pairs, and leave the truth; documents that have no other
      label are left out, and counted.

    Args:
        labels: the labels that there are, ids in their order; None where the documents name them, ids in the
            order of their appearance, and the name is the text.
        unlisted: what becomes of names that ``labels`` lacks: ``"error"``, ``"name"`` (a label, the name being its
            text) or ``"drop"`` (left out, and counted).
        test_fraction: share of groups, or texts, that are test documents, above 0 and below 1.
        seed: another seed, another split.
        related: whether to make filter pairs.

    Attributes:
        labels: all labels so far.

    Raises:
        ValueError: if an option is out of range.
        DataError: if two labels have one name, or a label has none.
    """

    def __init__(
        self,
        labels: Iterable[Label] | None = None,
        unlisted: Unlisted = "error",
        test_fraction: float = 0.2,
        seed: int = 0,
        related: bool = True,
    ) -> None:
        if unlisted not in ("error", "name", "drop"):
            raise ValueError(f"'unlisted' must be 'error', 'name' or 'drop', got {unlisted!r}")
        if not 0 < test_fraction < 1:
            raise ValueError(f"'test_fraction' must be above 0 and below 1, got {test_fraction}")
        self.unlisted: Unlisted = "name" if labels is None else unlisted
        self.test_fraction = test_fraction
        self.seed = seed
        self.related = related
        self.labels: list[Label] = list(labels or ())
        self._ids = {label.uid: index for index, label in enumerate(self.labels)}
        if len(self._ids) < len(self.labels):
            (name, count), *_ = Counter(label.uid for label in self.labels).most_common(1)
            raise DataError(f"expected labels of different names, got {count} named {shorten(name)}")
        self._parts = {"train": RawSplit(), "test": RawSplit()}
        self._num_rows = 0
        self._dropped: Counter[str] = Counter()

    def add(self, document: NamedDocument) -> None:
        """Takes the next document.

        Raises:
            DataError: for a label that is not listed, if ``unlisted`` is ``"error"``.
        """
        row, self._num_rows = self._num_rows, self._num_rows + 1
        if not (document.title.strip() or document.content.strip()):
            self._dropped[NO_TEXT] += 1
            return
        targets = self._targets(document)
        if not targets:
            self._dropped["documents with unlisted labels only" if document.labels else NO_LABELS] += 1
            return
        uid = f"row-{row}" if document.uid is None else document.uid
        self._parts[document.split or self._side(document)].append(row, uid, targets)

    def finish(self) -> dict[str, CollectedSplit]:
        """After the last document: ``{"train": ..., "test": ...}``.

        Raises:
            DataError: if a side has no document left.
        """
        num_labels = len(self.labels)
        train, test = self._parts["train"], self._parts["test"]
        y = {"train": train.y(num_labels), "test": test.y(num_labels)}
        pairs = {"train": no_pairs(), "test": no_pairs()}
        if self.related:
            names = [label.uid for label in self.labels]
            pairs["train"], pairs["test"] = related_pairs(y["train"], train.uids, test.uids, names)
        splits = {}
        for split, part in self._parts.items():
            known = y[split].multiply(pairs_matrix(pairs[split], y[split].shape)).tocsr()
            left = (y[split] - known).tocsr()
            left.eliminate_zeros()
            left.sort_indices()
            kept = np.flatnonzero(np.diff(left.indptr))
            self._dropped["label entries that are filter pairs"] += known.nnz
            self._dropped["documents whose labels are all filter pairs"] += len(part.uids) - len(kept)
            splits[split] = CollectedSplit(
                rows=np.array(part.rows, dtype=np.int64)[kept],
                uids=[part.uids[row] for row in kept.tolist()],
                y=left[kept],
                pairs=select_filter_rows(pairs[split], kept),
            )
        self._refuse_empty(splits)
        return splits

    def report(self, splits: dict[str, CollectedSplit]) -> BuildReport:
        """Counts of what :meth:`finish` gave; labels that no training document has are warned about."""
        num_labels = len(self.labels)
        train, test = (np.bincount(splits[s].y.indices, minlength=num_labels) for s in ("train", "test"))
        only_test = int(((train == 0) & (test > 0)).sum())
        if only_test:
            logger.warning(
                "%d of %d labels are seen only in test documents: their text alone describes them, so give it, or "
                "make the test part smaller",
                only_test,
                num_labels,
            )
        return BuildReport(
            train=splits["train"].y.shape[0],
            test=splits["test"].y.shape[0],
            labels=num_labels,
            train_pairs=int(train.sum()),
            test_pairs=int(test.sum()),
            tail_labels=int((train < 5).sum()),
            dropped=dict(self._dropped),
            filter_pairs=len(splits["train"].pairs) + len(splits["test"].pairs),
        )

    def _targets(self, document: NamedDocument) -> list[int]:
        targets: dict[int, None] = {}
        for name in document.labels:
            label = self._ids.get(name)
            if label is None and self.unlisted == "error":
                raise DataError(
                    f"expected a label that has a text, got {shorten(name)}; give it one, or choose what "
                    "becomes of such labels ('unlisted': name, drop)",
                    document.path,
                    document.line,
                )
            if label is None and self.unlisted == "drop":
                self._dropped["label entries that are not listed"] += 1
                continue
            if label is None:
                label = self._ids[name] = len(self.labels)
                self.labels.append(Label(name, name))
            targets[label] = None
        return list(targets)

    def _side(self, document: NamedDocument) -> Literal["train", "test"]:
        key = document.group or normal_text(f"{document.title} {document.content}")
        return "test" if hash_share(key, self.seed) < self.test_fraction else "train"

    def _refuse_empty(self, splits: dict[str, CollectedSplit]) -> None:
        counts = {split: len(kept.uids) for split, kept in splits.items()}
        if all(counts.values()):
            return
        why = ", ".join(f"{count} {reason}" for reason, count in self._dropped.items() if count)
        got = f"got {counts['train']} and {counts['test']} of {self._num_rows}"
        raise DataError(
            "expected training and test documents with text and labels, "
            + (f"{got} ({why} left out)" if why else got)
            + "; " + ("split by another fraction, seed or group" if any(counts.values()) else "look at the labels")
        )  # fmt: skip
