"""Label graph of co-occurrence counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from torch_geometric.data import Data

from xcgraph.transforms import TopKEdges

from .base import LabelGraphBuilder
from .blocks import Edges, csr_edges, graph_from_blocks, row_blocks
from .inputs import training_relevance

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_BLOCK_ENTRIES = 1 << 22


class CooccurrenceGraph(LabelGraphBuilder):
    """Y^T Y: how many training documents two labels share.

    The self loop is the label's own document count, or 1 for labels without documents. Rows are made in blocks
    and cut to the top ``k`` at once; the full product is never held.

    Args:
        k: entries kept a row, the self loop among them; of equal counts the lower label id.
        head_threshold: most training documents of a label that takes part; None for no limit.
    """

    def __init__(self, k: int = 10, head_threshold: float | None = None) -> None:
        self.k = k
        self.head_threshold = head_threshold

    def build(self, data: Any) -> Data:
        """Builds the graph from ``data.train_y`` or a scipy sparse matrix ``[N, L]``."""
        y = training_relevance(data, self.head_threshold)
        return graph_from_blocks(self._counts(y), TopKEdges(self.k), y.shape[1])

    def _counts(self, y: csr_matrix) -> Iterator[Edges]:
        by_label = y.T.tocsr()
        cost = by_label @ np.diff(y.indptr)
        for start, stop in row_blocks(cost, _BLOCK_ENTRIES):
            count = by_label[start:stop] @ y
            count.sort_indices()
            yield csr_edges(count, start)
