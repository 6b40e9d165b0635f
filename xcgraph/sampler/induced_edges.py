"""All edges among the nodes of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from xcgraph.sparse import ragged_arange

from .neighbor_csc import NeighborCSC


def induced_edges(csc: NeighborCSC, node: Tensor, batch: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Edges of the graph whose ends are both at hand.

    Args:
        csc: the graph.
        node: ids, int64 of shape ``[n]``; of equal ids each gets the edges into it, the first those out of it.
        batch: subgraph of each node, shape ``[n]``: only edges within a subgraph.

    Returns:
        ``(row, col, edge)``: local source, local target and position in the graph's ``edge_index``, int64, ordered
        by target.
    """
    start, degree = csc.rows(node)
    edge, col = ragged_arange(start, degree)
    source = csc.row.index_select(0, edge).long()
    key = node
    if batch is not None:
        first_key = batch * csc.num_nodes
        key, source = first_key + node, first_key[col] + source
    sorted_key, order = torch.sort(key, stable=True)
    place = torch.searchsorted(sorted_key, source).clamp_(max=max(0, key.numel() - 1))
    there = sorted_key[place] == source
    return order[place[there]], col[there], csc.edge_id(edge[there])
