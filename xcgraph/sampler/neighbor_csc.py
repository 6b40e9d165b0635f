"""The in-edges of every node, as neighbour samplers read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch_geometric.data import Data

Strategy = Literal["uniform", "weighted", "top"]

_INT32_MAX = 2**31 - 1
_BLOCK = 1 << 22


@dataclass(frozen=True, eq=False)
class NeighborCSC:
    """A graph of L nodes and E edges in compressed sparse columns, checked once.

    Pointers and ids are int32 where they fit. For the strategies that look at weights, the edges into a node are
    ordered by descending weight.

    Args:
        colptr: the edges into node ``v`` are ``colptr[v]`` to ``colptr[v + 1]``, shape ``[L + 1]``.
        row: source of each edge, shape ``[E]``.
        perm: position of each edge in the graph's ``edge_index``, shape ``[E]``; ``None`` where it is the same.
        weight: weight of each edge as a share of the heaviest into its node, float64 of shape ``[E]``;
            ``weighted`` without replacement only.
        cdf: sum of the weights up to and with each edge as a share of all into its node, float64 of shape ``[E]``;
            ``weighted`` with replacement only.
        end: where the edges of positive weight end, shape ``[L]``; ``weighted`` only.
    """

    colptr: Tensor
    row: Tensor
    perm: Tensor | None = None
    weight: Tensor | None = None
    cdf: Tensor | None = None
    end: Tensor | None = None

    @classmethod
    def from_data(
        cls, data: Data, strategy: Strategy = "uniform", weight_attr: str | None = None, replace: bool = False
    ) -> NeighborCSC:
        """From a PyG graph, on its device.

        Args:
            data: with ``edge_index`` of shape ``[2, E]`` in any order.
            strategy: what the edges are prepared for.
            weight_attr: name of the weights, shape ``[E]``; for ``weighted`` and ``top``.
            replace: whether edges will be drawn with replacement.

        Raises:
            ValueError: no or a bad ``edge_index``, an edge that is there twice, weights that are missing, of the
                wrong length, negative or not finite.
        """
        if not isinstance(data, Data):
            raise ValueError(f"expected a torch_geometric.data.Data, got {type(data).__name__}")
        num_nodes = int(data.num_nodes or 0)
        edge_index = _checked_edges(data.edge_index, num_nodes)
        weight = None if weight_attr is None else _checked_weight(data, weight_attr, edge_index.size(1))
        perm = _sorting_permutation(edge_index, num_nodes)
        if weight is not None:
            weight = weight if perm is None else weight[perm]
            target = edge_index[1] if perm is None else edge_index[1][perm]
            order = torch.argsort(weight, descending=True, stable=True)
            order = order[torch.argsort(target[order], stable=True)]
            weight, perm = weight[order], order if perm is None else perm[order]
        row, col = edge_index if perm is None else edge_index[:, perm]
        colptr = torch.zeros(num_nodes + 1, dtype=torch.long, device=row.device)
        torch.cumsum(torch.bincount(col, minlength=num_nodes), 0, out=colptr[1:])
        cdf = end = None
        if strategy == "weighted":
            assert weight is not None
            # The heaviest edge comes first; of nodes whose edges all weigh nothing, no share is ever looked at.
            weight = weight / weight[colptr[col]]
            end = colptr[:-1] + torch.bincount(col[weight > 0], minlength=num_nodes)
            cdf = _cumulative(weight, col, colptr) if replace else None
        ids = torch.int32 if num_nodes <= _INT32_MAX else torch.long
        edges = torch.int32 if row.numel() <= _INT32_MAX else torch.long
        return cls(
            colptr=colptr.to(edges),
            row=row.to(ids),
            perm=None if perm is None else perm.to(edges),
            weight=weight if strategy == "weighted" and not replace else None,
            cdf=cdf,
            end=None if end is None else end.to(edges),
        )

    @property
    def num_nodes(self) -> int:
        """L."""
        return self.colptr.numel() - 1

    @property
    def device(self) -> torch.device:
        """Where the arrays live."""
        return self.row.device

    def rows(self, node: Tensor, positive: bool = False) -> tuple[Tensor, Tensor]:
        """``(start, degree)`` of the edges into nodes, both int64 of the shape of ``node``.

        Args:
            node: shape ``[n]``, int32 or int64.
            positive: count only edges of positive weight, which come first (``weighted``).
        """
        start = self.colptr.index_select(0, node)
        if positive and self.end is not None:
            end = self.end.index_select(0, node)
        else:
            end = self.colptr[1:].index_select(0, node)
        return start.long(), (end - start).long()

    def edge_id(self, edge: Tensor) -> Tensor:
        """Positions in the graph's ``edge_index`` of edges by their position here; int64, shape ``[n]``."""
        return edge if self.perm is None else self.perm.index_select(0, edge).long()

    def share_memory_(self) -> NeighborCSC:
        """Moves the arrays to shared memory, so that worker processes need no copies; returns itself."""
        for tensor in (self.colptr, self.row, self.perm, self.weight, self.cdf, self.end):
            if tensor is not None:
                tensor.share_memory_()
        return self


def _checked_edges(edge_index: Any, num_nodes: int) -> Tensor:
    if not isinstance(edge_index, Tensor):
        raise ValueError(f"expected a graph with 'edge_index' of shape [2, E], got {type(edge_index).__name__}")
    edges: Any = edge_index.as_tensor() if hasattr(edge_index, "as_tensor") else edge_index
    if edges.dim() != 2 or edges.size(0) != 2 or edges.is_floating_point() or edges.dtype == torch.bool:
        raise ValueError(
            f"expected 'edge_index' of shape [2, E] and an integer type, got {list(edges.shape)} of {edges.dtype}"
        )
    edges = edges.long()
    if edges.numel() > 0:
        low, high = (int(bound) for bound in edges.aminmax())
        if low < 0 or high >= num_nodes:
            raise ValueError(
                f"expected nodes from 0 to {num_nodes - 1} in 'edge_index' ('num_nodes' is {num_nodes}), "
                f"got {low if low < 0 else high}"
            )
    return edges


def _checked_weight(data: Data, name: str, num_edges: int) -> Tensor:
    weight = data.get(name)
    if not isinstance(weight, Tensor):
        raise ValueError(f"expected edge weights in '{name}', got {type(weight).__name__}")
    if weight.shape != (num_edges,):
        raise ValueError(f"expected '{name}' of shape [{num_edges}], one an edge, got {list(weight.shape)}")
    weight = weight.detach().double()
    wrong = ~(torch.isfinite(weight) & (weight >= 0))
    if bool(wrong.any()):
        edge = int(wrong.nonzero()[0])
        raise ValueError(
            f"expected finite weights of at least 0 in '{name}', got {float(weight[edge]):g} at edge {edge}"
        )
    return weight


def _sorting_permutation(edge_index: Tensor, num_nodes: int) -> Tensor | None:
    """What sorts the edges by target, then source; ``None`` where they are in that order.

    In blocks, since numbers for all edges at once can take as much memory as the graph.
    """
    ascending, repeated = _compare_neighbours(edge_index, num_nodes)
    perm = None
    if not ascending:
        perm = torch.sort(edge_index[1] * num_nodes + edge_index[0], stable=True).indices
        _, repeated = _compare_neighbours(edge_index[:, perm], num_nodes)
    if repeated is not None:
        source, target = edge_index[:, repeated if perm is None else perm[repeated]].tolist()
        raise ValueError(
            f"expected each edge once, got {source} -> {target} more than once: "
            "merge edges first, with torch_geometric.utils.coalesce or Data.coalesce()"
        )
    return perm


def _compare_neighbours(edge_index: Tensor, num_nodes: int) -> tuple[bool, int | None]:
    """Whether no edge sorts before the one ahead of it, and (if so) the first edge that equals the next."""
    row, col = edge_index
    repeated = None
    for first in range(0, row.numel(), _BLOCK):
        block = slice(first, first + _BLOCK + 1)
        step = (col[block] * num_nodes + row[block]).diff()
        if bool((step < 0).any()):
            return False, None
        if repeated is None and bool((step == 0).any()):
            repeated = first + int((step == 0).nonzero()[0])
    return True, repeated


def _cumulative(share: Tensor, col: Tensor, colptr: Tensor) -> Tensor:
    """The running sum of shares within each target, divided by their sum; float64 of shape ``[E]``."""
    total = torch.zeros(colptr.numel() - 1, dtype=share.dtype, device=share.device).index_add_(0, col, share)
    running = torch.cumsum(share.div(total[col]).nan_to_num_(0.0), 0)
    before = torch.nn.functional.pad(running, (1, 0))[colptr[col]]
    return running - before
