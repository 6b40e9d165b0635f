"""Neighbour sampling by torch-sparse."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.sampler import SamplerOutput

from xcgraph.typing import torch_sparse_support

from .neighbor_csc import NeighborCSC, Strategy
from .sampler_backend import SamplerBackend
from .seeded import seeded


class TorchSparseBackend(SamplerBackend):
    """Uniform sampling with replacement on the CPU, by the kernel that PyG falls back to without pyg-lib.

    Without replacement that kernel is biased: of two neighbours it always draws the first (pytorch_sparse issue
    385). It is refused here.
    """

    def __init__(self, csc: NeighborCSC, strategy: Strategy, replace: bool, disjoint: bool) -> None:
        super().__init__(csc, strategy, replace, disjoint)
        if not replace:
            raise ValueError(
                "expected replace=True with backend='torch-sparse', got False: without replacement torch-sparse "
                "does not draw all neighbours equally often (pytorch_sparse issue 385); use backend='torch'"
            )
        if strategy != "uniform" or disjoint:
            got = "disjoint=True" if disjoint else f"strategy={strategy!r}"
            raise ValueError(f"expected uniform joint sampling with backend='torch-sparse', got {got}")
        if csc.device.type != "cpu":
            raise ValueError(f"expected a graph on the CPU with backend='torch-sparse', got {csc.device}")
        if torch_sparse_support() == "none":
            raise ImportError("backend='torch-sparse' needs torch-sparse: pip install 'xcgraph[sparse]'")
        self._colptr, self._row = csc.colptr.long(), csc.row.long()

    def sample(self, seed: Tensor, num_neighbors: list[int], generator: torch.Generator | None) -> SamplerOutput:
        with seeded(generator):
            node, row, col, edge = torch.ops.torch_sparse.neighbor_sample(
                self._colptr, self._row, seed, num_neighbors, True, True
            )
        num_nodes, num_edges = _hop_sizes(row, col, seed.numel(), len(num_neighbors))
        return SamplerOutput(
            node=node,
            row=row,
            col=col,
            edge=self.csc.edge_id(edge),
            num_sampled_nodes=num_nodes,
            num_sampled_edges=num_edges,
        )


def _hop_sizes(row: Tensor, col: Tensor, num_seeds: int, num_hops: int) -> tuple[list[int], list[int]]:
    """Nodes and edges of each hop, which the kernel does not tell: nodes are numbered as they are found."""
    num_nodes, num_edges = [num_seeds], []
    first_edge, end = 0, num_seeds
    for _ in range(num_hops):
        # Edges are ordered by target, and those of a hop point to nodes found before it.
        last_edge = int(torch.searchsorted(col, end))
        found = row[first_edge:last_edge]
        new_end = max(end, int(found.max()) + 1) if found.numel() > 0 else end
        num_edges.append(last_edge - first_edge)
        num_nodes.append(new_end - end)
        first_edge, end = last_edge, new_end
    return num_nodes, num_edges
