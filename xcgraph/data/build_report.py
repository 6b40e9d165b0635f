"""What a builder or an import wrote, and what its rules left out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class BuildReport:
    """Counts of a data set that was just built.

    Args:
        train: training documents.
        test: test documents.
        labels: labels; those of a builder have text and at least one training document each.
        train_pairs: (document, label) pairs of the training documents.
        test_pairs: the same for the test documents.
        tail_labels: labels with fewer than five training documents.
        dropped: what was left out, by reason: reason -> count.
        filter_pairs: (document, label) pairs in the filter files, both together.
    """

    train: int
    test: int
    labels: int
    train_pairs: int
    test_pairs: int
    tail_labels: int
    dropped: dict[str, int] = field(default_factory=dict)
    filter_pairs: int = 0

    @property
    def labels_per_document(self) -> float:
        """Mean number of labels of a document, training and test documents together."""
        return (self.train_pairs + self.test_pairs) / max(1, self.train + self.test)

    @property
    def documents_per_label(self) -> float:
        """Mean number of training documents of a label."""
        return self.train_pairs / max(1, self.labels)

    @property
    def tail_share(self) -> float:
        """Share of labels with fewer than five training documents, in percent."""
        return 100.0 * self.tail_labels / max(1, self.labels)

    def __str__(self) -> str:
        text = (
            f"{self.train:,} training and {self.test:,} test documents, {self.labels:,} labels, "
            f"{self.labels_per_document:.2f} labels a document, {self.documents_per_label:.2f} training documents "
            f"a label, {self.tail_share:.1f} % of labels with fewer than five"
        )
        left = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items() if count)
        return f"{text}; left out: {left}" if left else text
