"""The numbers of a data set that time and memory depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xcgraph.data import LFDataset
    from xcgraph.datasets import DatasetInfo


@dataclass(frozen=True)
class ProblemSize:
    """How large a data set is.

    Args:
        documents: N of training documents.
        test_documents: of test documents.
        labels: L.
        tokens: V.
        document_entries: tokens of all training documents, nnz of ``[N, V]``.
        test_entries: of all test documents.
        label_entries: of all label texts, nnz of ``[L, V]``.
        pairs: training pairs, nnz of ``[N, L]``.
    """

    documents: int
    test_documents: int
    labels: int
    tokens: int
    document_entries: int
    test_entries: int
    label_entries: int
    pairs: int

    @classmethod
    def from_data(cls, data: LFDataset) -> ProblemSize:
        """Of a data set at hand."""
        return cls(
            documents=data.train_x.shape[0],
            test_documents=data.test_x.shape[0],
            labels=data.num_labels,
            tokens=data.num_features,
            document_entries=int(data.train_x.nnz),
            test_entries=int(data.test_x.nnz),
            label_entries=int(data.label_x.nnz),
            pairs=int(data.train_y.nnz),
        )

    @classmethod
    def from_info(cls, info: DatasetInfo, tokens_a_text: float, tokens: int | None = None) -> ProblemSize:
        """Of a data set as published, which need not be here.

        Args:
            info: its entry in the registry.
            tokens_a_text: mean number of different tokens of a document and of a label; nobody publishes it.
            tokens: V, where the registry does not know it.

        Raises:
            ValueError: if the entry has no sizes, or V is not known.
        """
        tokens = tokens or info.num_features
        if not info.num_labels or not info.num_train or tokens is None:
            raise ValueError(f"{info.name}: its size depends on how it is built; give a folder, or build it first")
        return cls(
            documents=info.num_train,
            test_documents=info.num_test,
            labels=info.num_labels,
            tokens=tokens,
            document_entries=round(info.num_train * tokens_a_text),
            test_entries=round(info.num_test * tokens_a_text),
            label_entries=round(info.num_labels * tokens_a_text),
            pairs=round(info.num_train * info.labels_per_document),
        )
