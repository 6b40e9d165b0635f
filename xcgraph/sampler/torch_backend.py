"""Neighbour sampling in torch operations, on the device of the graph."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.sampler import SamplerOutput

from .draw import draw_first, draw_uniform, draw_uniform_replace, draw_weighted, draw_weighted_replace
from .relabel import relabel
from .sampler_backend import SamplerBackend


class TorchBackend(SamplerBackend):
    """All strategies, on any device, each hop in a fixed number of operations.

    A batch costs what it holds, whatever the number of nodes in the graph.
    """

    def sample(self, seed: Tensor, num_neighbors: list[int], generator: torch.Generator | None) -> SamplerOutput:
        csc = self.csc
        # Nodes are told apart by keys: their ids or, if disjoint, seed * L + id.
        key = seed.to(csc.row.dtype)
        if self.disjoint:
            key = torch.arange(seed.numel(), device=seed.device) * csc.num_nodes + seed
        rows, cols, edges = [], [], []
        num_nodes, num_edges = [key.numel()], []
        begin = 0
        for fan_out in num_neighbors:
            edge, owner = self._draw(self._node(key[begin:]), fan_out, generator)
            source = csc.row.index_select(0, edge)
            if self.disjoint:
                source = source + self._first_key(key[begin:])[owner]
            new, local = relabel(key, source)
            rows.append(local)
            cols.append(owner + begin)
            edges.append(edge)
            begin = key.numel()
            key = torch.cat([key, new])
            num_nodes.append(new.numel())
            num_edges.append(edge.numel())
        return SamplerOutput(
            node=self._node(key).long(),
            row=torch.cat(rows),
            col=torch.cat(cols),
            edge=csc.edge_id(torch.cat(edges)),
            batch=key // csc.num_nodes if self.disjoint else None,
            num_sampled_nodes=num_nodes,
            num_sampled_edges=num_edges,
        )

    def _node(self, key: Tensor) -> Tensor:
        return key % self.csc.num_nodes if self.disjoint else key

    def _first_key(self, key: Tensor) -> Tensor:
        """The key of node 0 in the subgraph of each key."""
        return key - self._node(key)

    def _draw(self, node: Tensor, k: int, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Edges into nodes, and which of the nodes each is of."""
        csc = self.csc
        start, degree = csc.rows(node, positive=k >= 0)
        if k < 0 or (self.strategy == "top" and not self.replace):
            return draw_first(start, degree, k)
        if self.strategy == "weighted":
            if self.replace:
                assert csc.cdf is not None
                return draw_weighted_replace(start, degree, k, csc.cdf, generator)
            assert csc.weight is not None
            return draw_weighted(start, degree, k, csc.weight, generator)
        draw = draw_uniform_replace if self.replace else draw_uniform
        return draw(start, degree, k, generator)
