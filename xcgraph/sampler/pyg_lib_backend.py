"""Neighbour sampling by pyg-lib."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.sampler import SamplerOutput

from xcgraph.typing import has_pyg_lib

from .neighbor_csc import NeighborCSC, Strategy
from .sampler_backend import SamplerBackend
from .seeded import seeded


class PygLibBackend(SamplerBackend):
    """Uniform sampling on the CPU by PyG's own kernels."""

    def __init__(self, csc: NeighborCSC, strategy: Strategy, replace: bool, disjoint: bool) -> None:
        super().__init__(csc, strategy, replace, disjoint)
        if strategy != "uniform":
            raise ValueError(f"expected strategy='uniform' with backend='pyg-lib', got {strategy!r}")
        if csc.device.type != "cpu":
            raise ValueError(f"expected a graph on the CPU with backend='pyg-lib', got {csc.device}")
        if not has_pyg_lib():
            raise ImportError(
                "backend='pyg-lib' needs pyg-lib, which is not on PyPI: "
                "pip install pyg-lib -f https://data.pyg.org/whl/torch-VERSION.html"
            )
        self._colptr, self._row = csc.colptr.long(), csc.row.long()

    def sample(self, seed: Tensor, num_neighbors: list[int], generator: torch.Generator | None) -> SamplerOutput:
        from pyg_lib.sampler import neighbor_sample

        with seeded(generator):
            row, col, node, edge, num_nodes, num_edges = neighbor_sample(
                self._colptr,
                self._row,
                seed,
                num_neighbors,
                csc=True,
                replace=self.replace,
                disjoint=self.disjoint,
            )
        batch = None
        if self.disjoint:
            batch, node = node.t().contiguous()
        return SamplerOutput(
            node=node,
            row=row,
            col=col,
            edge=self.csc.edge_id(edge),
            batch=batch,
            num_sampled_nodes=num_nodes,
            num_sampled_edges=num_edges,
        )
