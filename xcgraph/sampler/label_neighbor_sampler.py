"""An unbiased, weighted neighbour sampler on the device of the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import get_worker_info
from torch_geometric.data import Data
from torch_geometric.sampler import (
    BaseSampler,
    EdgeSamplerInput,
    NegativeSampling,
    NodeSamplerInput,
    SamplerOutput,
)
from torch_geometric.sampler.base import SubgraphType

from .induced_edges import induced_edges
from .neighbor_csc import NeighborCSC, Strategy
from .pyg_lib_backend import PygLibBackend
from .sampler_backend import SamplerBackend
from .torch_backend import TorchBackend
from .torch_sparse_backend import TorchSparseBackend

_BACKENDS: dict[str, Callable[..., SamplerBackend]] = {
    "torch": TorchBackend,
    "pyg-lib": PygLibBackend,
    "torch-sparse": TorchSparseBackend,
}
_STRATEGIES = ("uniform", "weighted", "top")
_SUBGRAPH_TYPES = tuple(kind.value for kind in SubgraphType)


class LabelNeighborSampler(BaseSampler):
    """Draws the k-hop neighbourhoods of seed nodes; plugs into :class:`torch_geometric.loader.NodeLoader`.

    Args:
        data: the graph; sampling runs on its device.
        num_neighbors: fan-out of each hop, at least 1, or -1 for all neighbours.
        subgraph_type: ``"directional"``: the edges drawn; ``"bidirectional"``: those and their reverse;
            ``"induced"``: all edges among the nodes drawn. The last two say nothing of hops.
        replace: draw with replacement: each node that has neighbours gets as many edges as the fan-out says.
        disjoint: a subgraph of its own for each seed.
        weight_attr: name of the edge weights in ``data``, shape ``[E]``, finite and not negative.
        strategy: ``"uniform"``; ``"weighted"``: with probabilities proportional to weights, and never an edge of
            weight zero (unless the fan-out is -1); ``"top"``: the heaviest, of equal weights the lower source id.
            ``None`` is ``"weighted"`` where there is a ``weight_attr``, as in PyG, else ``"uniform"``.
        backend: ``"torch"``, which can do all of this; ``"pyg-lib"``, uniform on the CPU; ``"torch-sparse"``,
            uniform with replacement on the CPU.
        seed: gives the same batches again; worker processes of a ``DataLoader`` draw from streams of their own.
            ``None`` draws from torch's global generator.
        share_memory: keep the graph in shared memory, for worker processes.

    Raises:
        ValueError: arguments or a graph that cannot be sampled.
        ImportError: the library of ``backend`` is not installed.
    """

    def __init__(
        self,
        data: Data,
        num_neighbors: list[int],
        subgraph_type: SubgraphType | str = "directional",
        replace: bool = False,
        disjoint: bool = False,
        weight_attr: str | None = None,
        strategy: Strategy | None = None,
        backend: Literal["torch", "pyg-lib", "torch-sparse"] = "torch",
        seed: int | None = None,
        share_memory: bool = False,
    ) -> None:
        if strategy is None:
            strategy = "uniform" if weight_attr is None else "weighted"
        _check_choice("strategy", strategy, _STRATEGIES)
        _check_choice("backend", backend, tuple(_BACKENDS))
        _check_choice("subgraph_type", getattr(subgraph_type, "value", subgraph_type), _SUBGRAPH_TYPES)
        if (strategy == "uniform") != (weight_attr is None):
            expected = "no 'weight_attr'" if strategy == "uniform" else "a 'weight_attr'"
            raise ValueError(f"expected {expected} with strategy={strategy!r}, got {weight_attr!r}")
        if strategy == "top" and replace:
            raise ValueError("expected replace=False with strategy='top', which draws nothing, got True")
        self.num_neighbors = _checked_fan_outs(num_neighbors)
        self.subgraph_type = SubgraphType(subgraph_type)
        csc = NeighborCSC.from_data(data, strategy, weight_attr, replace)
        self.backend = _BACKENDS[backend](csc, strategy, replace, disjoint)
        if share_memory:
            csc.share_memory_()
        self.seed = seed
        self._generator: torch.Generator | None = None
        self._stream: int | None = None

    @property
    def csc(self) -> NeighborCSC:
        """The graph as it is sampled."""
        return self.backend.csc

    def check_seeds(self, node: Tensor) -> None:
        """Raises a ValueError unless all ids are nodes of the graph; on the CPU, where PyG keeps seeds."""
        if node.dim() != 1 or node.is_floating_point() or node.dtype == torch.bool:
            raise ValueError(
                f"expected seeds of shape [S] and an integer type, got {list(node.shape)} of {node.dtype}"
            )
        if node.numel() > 0:
            low, high = (int(bound) for bound in node.aminmax())
            if low < 0 or high >= self.csc.num_nodes:
                raise ValueError(
                    f"expected seeds from 0 to {self.csc.num_nodes - 1}, got {low if low < 0 else high}"
                )

    def sample_from_nodes(self, index: NodeSamplerInput, **kwargs: Any) -> SamplerOutput:
        """Draws the neighbourhoods of ``index.node``; see :class:`SamplerBackend` for what comes back.

        Raises:
            ValueError: seeds that are not nodes of the graph, or that have a time.
        """
        if index.time is not None:
            raise ValueError("expected seeds without time stamps: neighbours have none here")
        self.check_seeds(index.node)
        seed = index.node.to(self.csc.device, torch.long)
        out = self.backend.sample(seed, self.num_neighbors, self._current_generator())
        if self.subgraph_type == SubgraphType.bidirectional:
            out = out.to_bidirectional()
        elif self.subgraph_type == SubgraphType.induced:
            out.row, out.col, out.edge = induced_edges(self.csc, out.node, out.batch)
            out.num_sampled_nodes = out.num_sampled_edges = None
        out.metadata = (index.input_id, index.time)
        return out

    def sample_from_edges(self, index: EdgeSamplerInput, neg_sampling: NegativeSampling | None = None) -> Any:
        """Not there: label graphs are sampled from labels."""
        raise NotImplementedError(f"{type(self).__name__} samples from nodes, not from edges")

    def _current_generator(self) -> torch.Generator | None:
        if self.seed is None:
            return None
        worker = get_worker_info()
        # Of each epoch and worker: without it all workers, and all epochs, would draw the same numbers.
        stream = 0 if worker is None else worker.seed + 1
        if self._generator is None or stream != self._stream:
            self._stream = stream
            self._generator = torch.Generator(self.csc.device).manual_seed((self.seed + stream) % 2**63)
        return self._generator

    def __getstate__(self) -> dict[str, Any]:
        # Workers make generators of their own.
        return {**self.__dict__, "_generator": None, "_stream": None}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.csc.num_nodes} nodes, num_neighbors={self.num_neighbors})"


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        names = ", ".join(map(repr, choices))
        raise ValueError(f"expected {name!r} to be one of {names}, got {value!r}")


def _checked_fan_outs(num_neighbors: Any) -> list[int]:
    whole = isinstance(num_neighbors, (list, tuple)) and all(
        isinstance(k, int) and not isinstance(k, bool) and (k == -1 or k >= 1) for k in num_neighbors
    )
    if not whole or len(num_neighbors) == 0:
        raise ValueError(
            "expected 'num_neighbors' to be a list with the fan-out of each hop, at least 1, or -1 for all "
            f"neighbours, got {num_neighbors!r}"
        )
    return list(num_neighbors)
