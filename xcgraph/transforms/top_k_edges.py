"""Keep the heaviest edges of each row."""

from __future__ import annotations

import torch
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from xcgraph.sparse import segment_topk

from .edges import edge_weight_of, sort_edges


class TopKEdges(BaseTransform):
    """Keeps the ``k`` heaviest edges into each label (its row of G); of equal weights the lower source id.

    Duplicate edges are merged first. A self loop takes part in the ranking and, with ``keep_self_loops``, stays
    even when it does not rank, so that rows hold up to ``k + 1`` entries (the rule of ECLARE, Mittal et al., WWW
    2021).

    Args:
        k: edges to keep a row, at least 0.
        keep_self_loops: never drop a self loop that is there.
    """

    def __init__(self, k: int, keep_self_loops: bool = True) -> None:
        if k < 0:
            raise ValueError(f"expected 'k' of at least 0, got {k}")
        self.k = k
        self.keep_self_loops = keep_self_loops

    def forward(self, data: Data) -> Data:
        """Returns the graph with up to ``k`` (``k + 1``) edges into each label, by target, then source."""
        data = sort_edges(data)
        source, target = data.edge_index
        # Rows count from the first one present: a block of a large graph costs what it holds.
        segment = target - target[0] if target.numel() else target
        if target.numel() == 0 or int(torch.bincount(segment).max()) <= self.k:
            return data
        keep = torch.zeros_like(target, dtype=torch.bool)
        keep[segment_topk(edge_weight_of(data), segment, self.k)] = True
        if self.keep_self_loops:
            keep |= source == target
        return data.edge_subgraph(keep)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(k={self.k}, keep_self_loops={self.keep_self_loops})"
