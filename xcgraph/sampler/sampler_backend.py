"""What a neighbour sampler asks of the kernels that do the work."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch_geometric.sampler import SamplerOutput

from .neighbor_csc import NeighborCSC, Strategy


class SamplerBackend(ABC):
    """Draws the neighbourhoods of a batch of seeds.

    Args:
        csc: the graph.
        strategy: ``"uniform"``, ``"weighted"`` or ``"top"``.
        replace: draw with replacement.
        disjoint: keep the neighbourhoods of the seeds apart.

    Raises:
        ImportError: the library it needs is not installed.
        ValueError: it cannot do what is asked.
    """

    def __init__(self, csc: NeighborCSC, strategy: Strategy, replace: bool, disjoint: bool) -> None:
        self.csc = csc
        self.strategy = strategy
        self.replace = replace
        self.disjoint = disjoint

    @abstractmethod
    def sample(self, seed: Tensor, num_neighbors: list[int], generator: torch.Generator | None) -> SamplerOutput:
        """Draws one batch.

        Args:
            seed: ids of nodes, int64 of shape ``[S]`` on the graph's device, repeats allowed.
            num_neighbors: fan-out of each hop, -1 for all neighbours.
            generator: on the graph's device; ``None`` for torch's own.

        Returns:
            Nodes by hop, the seeds first and as they came (of equal seeds the first is the neighbour of others);
            edges by hop and target, ``row`` the local source and ``col`` the local target; ``edge`` the positions
            in the graph's ``edge_index``; ``batch`` if disjoint; the number of nodes and edges of each hop. All
            int64.
        """
