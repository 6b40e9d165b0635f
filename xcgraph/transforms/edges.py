"""What all transforms of this package ask of a graph's edges."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.utils import coalesce


def edge_weight_of(data: Data) -> Tensor:
    """The weight of each edge, shape ``[E]``; ones where the graph has none.

    Raises:
        ValueError: if the graph has no edges stored, or weights of another length.
    """
    if data.edge_index is None:
        raise ValueError("expected a graph with 'edge_index' of shape [2, E], got none")
    num_edges = data.edge_index.size(1)
    if data.edge_weight is None:
        return torch.ones(num_edges, device=data.edge_index.device)
    if data.edge_weight.shape != (num_edges,):
        raise ValueError(
            f"expected 'edge_weight' of shape [{num_edges}], one an edge, got {list(data.edge_weight.shape)}"
        )
    return data.edge_weight


def sort_edges(data: Data) -> Data:
    """The graph with its edges ordered by target, then source, and equal edges merged by adding their weights.

    Raises:
        ValueError: if edges carry anything besides ``edge_index`` and ``edge_weight``.
    """
    extra = set(data.edge_attrs()) - {"edge_index", "edge_weight"}
    if extra:
        raise ValueError(f"expected edges with 'edge_index' and 'edge_weight' alone, got {sorted(extra)} as well")
    weight = edge_weight_of(data)
    if data.num_nodes < 1 << 31:
        # Builders make their edges in this order: to see that takes far less time than to sort them again.
        key = data.edge_index[1] * data.num_nodes + data.edge_index[0]
        if bool((key[1:] > key[:-1]).all()):
            data.edge_index, data.edge_weight = data.edge_index.contiguous(), weight
            return data
    data.edge_index, data.edge_weight = coalesce(data.edge_index, weight, data.num_nodes, sort_by_row=False)
    return data
