"""The best labels of a document in a new order, by what each part of their scores says."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xcgraph.sparse import CSR

from . import rerank_kernels
from .decision_trees import DecisionTrees
from .label_parts import LabelParts
from .stored_tensors import named, part_of
from .token_postings import check_rows

#: Best labels that are ordered anew.
DEPTH = 30


def describe_labels(logit: np.ndarray, sources: np.ndarray, count: np.ndarray) -> np.ndarray:
    """What trees see of the best labels of one document.

    Args:
        logit: fused scores, best first, float64 ``[S]``.
        sources: what they are the sum of: the network's (with all biases), then each lexical part's, float64
            ``[P, S]``.
        count: training documents of each label, ``[S]``.

    Returns:
        float64 ``[S, 5 + 4 P]``: the logit, its distance from the best, log(1 + count), the label's share of a
        softmax over the logits and over the network's; then for each source the score, the best one of the
        document, and the distances from that and from the second best.
    """
    out = np.empty((len(logit), rerank_kernels.OF_LABEL + rerank_kernels.PER_SOURCE * len(sources)))
    rerank_kernels.describe(logit, sources, np.log1p(count.astype(np.float64)), out)
    return out


class Reranking:
    """What was learned of how the best labels are to be ordered.

    Args:
        trees: score a label by :func:`describe_labels`.
        mix: how much of its logit is added to that.
        count: training documents of each label, float32 ``[L]``.
        sources: names of the lexical parts, in the order of :func:`describe_labels`.
        depth: best labels that are ordered anew.

    Raises:
        ValueError: if trees look at more than there is.
    """

    def __init__(
        self, trees: DecisionTrees, mix: float, count: Tensor, sources: tuple[str, ...], depth: int = DEPTH
    ) -> None:
        width = rerank_kernels.OF_LABEL + rerank_kernels.PER_SOURCE * (1 + len(sources))
        if trees.num_features > width:
            raise ValueError(f"expected trees that look at {width} columns, got {trees.num_features}")
        if depth < 1:
            raise ValueError(f"'depth' must be positive, got {depth}")
        self.trees = trees
        self.mix = mix
        self.count = count.float().cpu().contiguous()
        self.sources = tuple(sources)
        self.depth = depth

    def with_count(self, count: Tensor) -> Reranking:
        """The same for other labels."""
        return Reranking(self.trees, self.mix, count, self.sources, self.depth)

    def bind(self, parts: LabelParts) -> Reranker:
        """With the sparse rows of a model's labels.

        Raises:
            ValueError: if they were not kept.
        """
        return Reranker(self, parts.lexical or {}, parts.rows)

    def pack(self, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and json values to keep."""
        tensors = named(name, {**self.trees.tensors(), "count": self.count})
        return tensors, {"mix": self.mix, "sources": list(self.sources), "depth": self.depth}

    @classmethod
    def unpack(cls, tensors: dict[str, Tensor], name: str, description: dict[str, Any] | None) -> Reranking | None:
        """What :meth:`pack` gave; ``None`` where nothing did."""
        if description is None:
            return None
        own = part_of(tensors, name)
        count = own.pop("count")
        return cls(
            DecisionTrees(**own), description["mix"], count, tuple(description["sources"]), description["depth"]
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.trees}, mix={self.mix}, sources={self.sources})"


def load_reranker(
    tensors: dict[str, Tensor], description: dict[str, Any], parts: LabelParts | None
) -> Reranker | None:
    """The reranker of a stored member, ``None`` where it has none.

    Args:
        tensors: of the member.
        description: json values kept beside.
        parts: of the model, which the sparse rows are taken from.

    Raises:
        ValueError: if it has one, and the parts are missing.
    """
    learned = Reranking.unpack(tensors, "reranker", description.get("reranker"))
    if learned is None:
        return None
    if parts is None:
        raise ValueError("its best labels are ordered by the parts of their scores, which are missing")
    return learned.bind(parts)


class Reranker:
    """Orders the best labels of documents anew; each rank keeps the logit that it had.

    A sum of scores weighs its parts alike for all documents and labels. Trees look at each part by itself: a
    document that is all but one of the training documents is best answered by the linear part, another by the
    network, and a rare label needs other evidence than a frequent one.

    Computes on the CPU, one document at a time, in a compiled loop; any number of threads may call it.

    Args:
        learned: trees, and what belongs to them.
        tables: sparse rows of the labels by lexical part, ``[R, V]`` each, weights multiplied in.
        rows: row of each label, int64 ``[L]``; ``None``: L = R, in order.

    Raises:
        ValueError: if a part is missing, or sizes do not fit together.
    """

    def __init__(self, learned: Reranking, tables: Mapping[str, CSR], rows: Tensor | None = None) -> None:
        missing = [name for name in learned.sources if name not in tables]
        if missing:
            raise ValueError(f"the best labels are ordered by {', '.join(missing)} too, which the model lacks")
        num_labels = learned.count.numel()
        rows = torch.arange(num_labels) if rows is None else rows
        used = [tables[name] for name in learned.sources]
        least = int(rows.max()) + 1 if rows.numel() else 0
        if rows.numel() != num_labels or any(table.shape[0] < least for table in used):
            raise ValueError(f"expected rows of {num_labels} labels, got {rows.numel()} and {used}")
        self.learned = learned
        self.num_tokens = used[0].shape[1] if used else 0
        self._tables = [_ascending(table) for table in used]
        self._rows = rows.cpu().numpy()
        self._count = learned.count.numpy()
        self._local = threading.local()

    def with_learned(self, learned: Reranking) -> Reranker:
        """Other trees for the same sparse rows, which are shared."""
        if learned.sources != self.learned.sources or learned.count.numel() != self.num_labels:
            raise ValueError(
                f"expected an order of {self.num_labels} labels by {self.learned.sources}, got {learned}"
            )
        other = copy.copy(self)
        other.learned, other._count, other._local = learned, learned.count.numpy(), threading.local()
        return other

    @property
    def num_labels(self) -> int:
        """L."""
        return len(self._count)

    @property
    def depth(self) -> int:
        """Best labels that are ordered anew."""
        return self.learned.depth

    def order(self, ids: np.ndarray, weights: np.ndarray, labels: np.ndarray, logit: np.ndarray) -> np.ndarray:
        """The new order of a document's best labels.

        Args:
            ids: its tokens, ``[n]``, each once.
            weights: theirs, float32 ``[n]``.
            labels: the best, ``[S]``, best first.
            logit: their logits ``[S]``, none of them infinite.

        Returns:
            int64 ``[S]``: what was where, the new best first; ties, and all beyond ``depth``, stay in their order.
        """
        size = min(self.depth, len(labels))
        order = np.arange(len(labels))
        if size < 2:
            return order
        own = self._local
        if not hasattr(own, "document"):
            own.document = np.zeros(self.num_tokens, dtype=np.float32)
        best = labels[:size]
        total = logit[:size].astype(np.float64)
        sources = np.zeros((1 + len(self._tables), size))
        if self._tables:
            own.document[ids] = weights
            rows = self._rows[best]
            for source, table in zip(sources[1:], self._tables, strict=True):
                rerank_kernels.add_products_of_rows(*table, rows, ids, weights, own.document, source)
            own.document[ids] = 0
        sources[0] = total - sources[1:].sum(axis=0)
        score = self.learned.trees(describe_labels(total, sources, self._count[best])) + self.learned.mix * total
        order[:size] = np.argsort(-score, kind="stable")
        return order

    def order_all(self, doc_x: CSR, index: Tensor, logit: Tensor) -> Tensor:
        """Labels ``[N, K]`` of documents ``[N, V]`` in their new order; -1 for none, where the logit is -inf.

        Args:
            doc_x: documents.
            index: int64, best first.
            logit: theirs.
        """
        rowptr, col, value = (part.cpu().numpy() for part in (doc_x.rowptr, doc_x.col, doc_x.value))
        labels, score = index.cpu().numpy(), logit.cpu().numpy()
        out = labels.copy()
        for row in range(len(labels)):
            tokens = slice(rowptr[row], rowptr[row + 1])
            there = int((labels[row] >= 0).sum())
            best = labels[row, :there]
            out[row, :there] = best[self.order(col[tokens], value[tokens], best, score[row, :there])]
        return torch.from_numpy(out).to(index.device)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.num_labels} labels, {self.learned})"


def _ascending(table: CSR) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row pointers, columns and values, columns of a row ascending."""
    rows = table.to("cpu")
    check_rows(rows.rowptr, rows.col, rows.value, rows.shape[1])
    arrays = rows.rowptr.numpy(), rows.col.numpy(), rows.value.numpy()
    ordered = rows.to_scipy()
    if not ordered.has_sorted_indices:
        ordered = ordered.sorted_indices()
        arrays = arrays[0], ordered.indices.astype(np.int64), ordered.data
    return arrays
