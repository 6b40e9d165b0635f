"""Looks a data set over: duplicates, leakage, pairs to filter, and how often labels come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .filter_pairs import mirrored_pairs, own_pairs
from .finding import Finding
from .health_report import HealthReport
from .report import Report

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_PLACES = 3

# What to do about the warnings of the readers, by their kind.
ADVICE = {
    "documents without labels are left out": "give them labels, or remove the lines",
    "test documents without labels count as rows of the metrics": "give them labels, or remove the lines: as they "
    "are, they lower every metric",
    "documents without text": "give them a title, or remove the lines",
    "documents without features": "nothing describes them: remove the rows, or give them features",
    "documents whose uid was used before": "give each a uid of its own, so that they can be told apart",
    "test documents are training documents too": "leave them out of one side, or metrics are too good",
    "labels without text": "give them a title: as they are, their documents alone describe them",
    "labels without features": "give them features: as they are, their documents alone describe them",
    "labels are seen only in test": "move some of their documents to training, or see that their texts say what "
    "they mean: nothing else does",
    "labels have no document": "remove them if they are not to be predicted, or see that their texts say what "
    "they mean: nothing else does",
    "documents with labels of relevance zero or less, which are left out": "see that this is what they mean",
    "documents that name a label twice, counted once": "nothing needs doing",
    "unsorted rows are sorted": "nothing needs doing",
}
_OTHER_ADVICE = "docs/formats.md, errors and warnings, says what becomes of them"

_RELATED = "if a document and a label of one uid are one item, "
_FILTER = "list them in {}: xcgraph.data.related_pairs finds them, xcgraph-bench data import --uid writes them"


@dataclass(frozen=True)
class ExaminedPart:
    """The documents of a split, or the labels.

    Args:
        path: their file.
        lines: line of each, int64 ``[N]``.
        uids: names, N; None if they have none of their own.
        hashes: equal for equal texts (or features), 0 for empty ones, uint64 ``[N]``.
    """

    path: Path
    lines: np.ndarray
    uids: Sequence[str] | None
    hashes: np.ndarray

    def finding(self, rows: np.ndarray, what: str, advice: str) -> list[Finding]:
        """A finding about these rows, in a list; an empty one if there are none."""
        if not len(rows):
            return []
        places = tuple(f"{self.path.name}:{line}" for line in self.lines[rows[:_PLACES]].tolist())
        return [Finding(what, len(rows), places, advice)]

    def repeated(self) -> np.ndarray:
        """Rows whose text an earlier row has, ascending; empty texts do not count."""
        _, first, inverse = np.unique(self.hashes, return_index=True, return_inverse=True)
        return np.flatnonzero((first[inverse] != np.arange(len(self.hashes))) & (self.hashes != 0))


def look_over(
    parts: dict[str, ExaminedPart],
    y: dict[str, csr_matrix],
    pairs: dict[str, np.ndarray],
    filter_files: dict[str, str],
    report: Report,
    what: str = "text",
) -> HealthReport:
    """Makes the report. Time and memory grow with documents, labels and pairs, not with pairs of documents.

    Args:
        parts: ``train``, ``test``, ``labels``.
        y: relevance of ``train`` and ``test``, ``[N, L]``.
        pairs: filter pairs of ``train`` and ``test``, int64 ``[M, 2]``.
        filter_files: their files' names.
        report: with the warnings of the readers.
        what: what the hashes are of.
    """
    num_labels = y["train"].shape[1]
    findings = [
        Finding(kind, count, (f"{Path(path).name}:{line}",), ADVICE.get(kind, _OTHER_ADVICE))
        for path, kind, count, line in report.counted()
    ]
    train, test, labels = parts["train"], parts["test"], parts["labels"]
    for part, name in ((train, "training documents"), (test, "test documents")):
        advice = "keep one of each, with the labels of all, unless they are meant to weigh more"
        findings += part.finding(part.repeated(), f"{name} have the {what} of an earlier one", advice)
    advice = "make one label of each group, or give them texts that tell them apart"
    findings += labels.finding(labels.repeated(), f"labels have the {what} of an earlier one", advice)
    leaked = np.flatnonzero(np.isin(test.hashes, train.hashes) & (test.hashes != 0))
    advice = "leave them out of one side, or metrics are too good (data import keeps equal texts on one side)"
    findings += test.finding(leaked, f"test documents have the {what} of a training document", advice)
    findings += _filter_candidates(train, test, labels, y, pairs, filter_files)
    return HealthReport(
        train=y["train"].shape[0],
        test=y["test"].shape[0],
        labels=num_labels,
        labels_per_document={split: _labels_per_document(matrix) for split, matrix in y.items()},
        filter_pairs={split: len(found) for split, found in pairs.items()},
        deciles=list(_deciles(y["train"], y["test"])),
        findings=findings,
    )


def _filter_candidates(
    train: ExaminedPart,
    test: ExaminedPart,
    labels: ExaminedPart,
    y: dict[str, csr_matrix],
    pairs: dict[str, np.ndarray],
    files: dict[str, str],
) -> Iterator[Finding]:
    if train.uids is None or test.uids is None or labels.uids is None:
        return
    num_labels = len(labels.uids)
    for split, part in (("train", train), ("test", test)):
        assert part.uids is not None
        own = _missing(own_pairs(part.uids, labels.uids), pairs[split], num_labels)
        name = "training documents" if split == "train" else "test documents"
        advice = _RELATED + _FILTER.format(files[split])
        yield from part.finding(own[:, 0], f"{name} are labels too, and not filtered", advice)
    known = np.concatenate([pairs["test"], own_pairs(test.uids, labels.uids)])
    mirrored = _missing(mirrored_pairs(y["train"], train.uids, test.uids, labels.uids), known, num_labels)
    what = "pairs of a test document and a label whose own training document names it, not filtered"
    advice = f"{_RELATED}metrics are too good; {_FILTER.format(files['test'])}"
    yield from test.finding(mirrored[:, 0], what, advice)


def _missing(wanted: np.ndarray, pairs: np.ndarray, num_labels: int) -> np.ndarray:
    """The wanted pairs that ``pairs`` lacks."""
    keys = [array[:, 0] * num_labels + array[:, 1] for array in (wanted, pairs)]
    return wanted[~np.isin(*keys)]


def _labels_per_document(y: csr_matrix) -> dict[str, float]:
    counts = np.diff(y.indptr)
    return {"mean": float(counts.mean()), "median": float(np.median(counts)), "max": int(counts.max())}


def _deciles(train_y: csr_matrix, test_y: csr_matrix) -> Iterator[dict[str, Any]]:
    num_labels = train_y.shape[1]
    frequency, positives = (np.bincount(y.indices, minlength=num_labels) for y in (train_y, test_y))
    # Cut as Evaluator.per_decile cuts them.
    groups = np.array_split(np.argsort(frequency, kind="stable"), min(10, num_labels))
    for number, labels in enumerate(groups, 1):
        yield {
            "decile": number,
            "labels": len(labels),
            "min_frequency": int(frequency[labels].min()),
            "max_frequency": int(frequency[labels].max()),
            "positives": int(positives[labels].sum()),
        }
