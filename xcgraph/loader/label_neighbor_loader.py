"""Batches of labels with their sampled neighbourhoods."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Literal

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.loader import NodeLoader
from torch_geometric.sampler.base import SubgraphType
from torch_geometric.transforms import Compose

from xcgraph.sampler import LabelNeighborSampler
from xcgraph.sampler.neighbor_csc import Strategy
from xcgraph.sparse import CSR

from .csr_feature_store import CSRFeatureStore
from .stream_prefetcher import StreamPrefetcher


class LabelNeighborLoader(NodeLoader):
    """PyG's ``NeighborLoader`` without its bias, for weighted graphs of millions of nodes on any device.

    Batches are those of :class:`torch_geometric.loader.NeighborLoader`: seeds first, then their neighbours hop by
    hop; ``edge_index`` in local ids, ordered by target; ``n_id``, ``e_id``, ``input_id``, ``batch_size``,
    ``num_sampled_nodes`` and ``num_sampled_edges`` (directional), ``batch`` (disjoint). Attributes of nodes and
    edges in ``data``, such as ``edge_weight``, are those of the batch. Neither the time nor the memory that a
    batch takes depends on the number of nodes in the graph.

    A graph on the CPU may be sampled by worker processes, which share it. One on a CUDA device is sampled there,
    one batch ahead on a stream of its own.

    Args:
        data: the graph.
        num_neighbors: fan-out of each hop, -1 for all.
        input_nodes: ids of the seeds ``[S]``, or a mask ``[L]``; ``None`` for all nodes.
        replace: see :class:`xcgraph.sampler.LabelNeighborSampler`, as for the next six.
        subgraph_type: see there.
        disjoint: see there.
        weight_attr: see there.
        strategy: see there.
        backend: see there.
        seed: see there; it also gives the order of shuffled seeds, unless there is a ``generator``.
        features: sparse rows to attach to each batch, before ``transform``.
        transform: applied to each batch.
        transform_sampler_output: applied to what the sampler returns.
        filter_per_worker: see :class:`torch_geometric.loader.NodeLoader`.
        **kwargs: of :class:`torch.utils.data.DataLoader`, such as ``batch_size``, ``shuffle``, ``num_workers``.

    Raises:
        ValueError: arguments, seeds or a graph that cannot be sampled; workers for a graph on a CUDA device;
            sparse features in ``data``.
    """

    def __init__(
        self,
        data: Data,
        num_neighbors: list[int],
        input_nodes: Tensor | None = None,
        replace: bool = False,
        subgraph_type: SubgraphType | str = "directional",
        disjoint: bool = False,
        weight_attr: str | None = None,
        strategy: Strategy | None = None,
        backend: Literal["torch", "pyg-lib", "torch-sparse"] = "torch",
        seed: int | None = None,
        features: CSRFeatureStore | None = None,
        transform: Callable[[Data], Data] | None = None,
        transform_sampler_output: Callable[[Any], Any] | None = None,
        filter_per_worker: bool | None = None,
        **kwargs: Any,
    ) -> None:
        num_workers = kwargs.get("num_workers", 0)
        sampler = LabelNeighborSampler(
            data,
            num_neighbors,
            subgraph_type=subgraph_type,
            replace=replace,
            disjoint=disjoint,
            weight_attr=weight_attr,
            strategy=strategy,
            backend=backend,
            seed=seed,
            share_memory=num_workers > 0,
        )
        if num_workers > 0 and sampler.csc.device.type != "cpu":
            raise ValueError(
                f"expected num_workers=0 for a graph on {sampler.csc.device}, which is sampled there, "
                f"got {num_workers}; move it to the CPU to sample by workers"
            )
        _check_dense(data)
        if input_nodes is not None:
            input_nodes = _checked_input(input_nodes, sampler)
        if "num_nodes" not in data:
            # PyG would look for it in all edges again, for each batch.
            data = copy.copy(data)
            data.num_nodes = sampler.csc.num_nodes
        if features is not None:
            transform = features.attach if transform is None else Compose([features.attach, transform])
        if seed is not None:
            kwargs.setdefault("generator", torch.Generator().manual_seed(seed))
        super().__init__(
            data,
            sampler,
            input_nodes=input_nodes,
            transform=transform,
            transform_sampler_output=transform_sampler_output,
            filter_per_worker=filter_per_worker,
            **kwargs,
        )

    def __iter__(self) -> Iterator[Data]:
        iterator = super().__iter__()
        device = self.node_sampler.csc.device
        return StreamPrefetcher(iterator, device) if device.type == "cuda" else iterator

    def __getstate__(self) -> dict[str, Any]:
        # What spawned workers need to make batches: the order of seeds is not theirs, and torch's generators do
        # not survive the way to them.
        order = ("generator", "sampler", "batch_sampler")
        return {name: value for name, value in self.__dict__.items() if name not in order}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.node_sampler})"


def _check_dense(data: Data) -> None:
    for name, value in data.to_dict().items():
        sparse = isinstance(value, Tensor) and value.layout != torch.strided
        if sparse or isinstance(value, CSR) or hasattr(value, "tocsr") or hasattr(value, "sparse_sizes"):
            raise ValueError(
                f"expected dense attributes of the graph, got {type(value).__name__} as {name!r}, which PyG's "
                "loaders do not filter: hold it in a CSRFeatureStore, and give that as 'features'"
            )


def _checked_input(input_nodes: Any, sampler: LabelNeighborSampler) -> Tensor:
    nodes = torch.as_tensor(input_nodes)
    if nodes.numel() == 0:
        nodes = nodes.long()
    if nodes.dtype == torch.bool:
        if nodes.shape != (sampler.csc.num_nodes,):
            raise ValueError(
                f"expected a mask of shape [{sampler.csc.num_nodes}] as 'input_nodes', got {list(nodes.shape)}"
            )
        return nodes
    sampler.check_seeds(nodes)
    return nodes
