"""A weighted sum of label graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch_geometric.data import Data

from xcgraph.transforms import FillSelfLoops, NormalizeEdges, TopKEdges

from .base import LabelGraphBuilder


class BlendGraph(LabelGraphBuilder):
    """Adds up the graphs of several builders, each divided by its row sums first, and keeps the top ``k`` a row.

    Rows are shares of attention before they are added, so counts of documents and cosines of texts can be mixed;
    where one graph has nothing to say about a label, its share stays on the self loop.

    Args:
        builders: what makes the graphs; all get the same data set.
        weights: share of each graph, greater than 0; equal shares when None.
        k: entries kept a row; the self loop is kept besides when it does not rank.
    """

    def __init__(
        self, builders: Sequence[LabelGraphBuilder], weights: Sequence[float] | None = None, k: int = 10
    ) -> None:
        if not builders:
            raise ValueError("expected at least one builder, got none")
        weights = [1.0 / len(builders)] * len(builders) if weights is None else list(weights)
        if len(weights) != len(builders):
            raise ValueError(f"expected {len(builders)} weights, one a builder, got {len(weights)}")
        if not all(w > 0 for w in weights):
            raise ValueError(f"expected weights greater than 0, got {weights}")
        self.builders = list(builders)
        self.weights = weights
        self.k = k

    def build(self, data: Any) -> Data:
        """Builds all graphs from ``data`` and blends them; on the device of the first.

        Raises:
            ValueError: if the graphs have different numbers of labels.
        """
        graphs = [NormalizeEdges("row")(builder(data)) for builder in self.builders]
        sizes = [graph.num_nodes for graph in graphs]
        if len(set(sizes)) > 1:
            raise ValueError(f"expected graphs of equally many labels, got {sizes}")
        device = graphs[0].edge_index.device
        index = torch.cat([g.edge_index.to(device) for g in graphs], dim=1)
        shares = zip(self.weights, graphs, strict=True)
        weight = torch.cat([share * g.edge_weight.to(device) for share, g in shares])
        total = Data(edge_index=index, edge_weight=weight, num_nodes=sizes[0])
        return FillSelfLoops(1.0)(TopKEdges(self.k)(total))
