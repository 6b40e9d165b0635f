"""What label graph builders share."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Data


def validate_label_graph(data: Data, num_labels: int | None = None) -> Data:
    """Checks the promises of a label graph and returns it.

    A label graph is ``Data(edge_index [2, E] int64, edge_weight [E] float, num_nodes)``; edges are sorted by
    target (``edge_index[1]``, the row of G), then source, without duplicates; weights are finite and positive;
    each label has a self loop.

    Args:
        data: the graph.
        num_labels: how many labels it must have; not checked when None.

    Raises:
        ValueError: naming what was expected and what was found.
    """
    edge_index, weight, num_nodes = data.edge_index, data.edge_weight, data.num_nodes
    if edge_index is None or edge_index.dim() != 2 or edge_index.size(0) != 2 or edge_index.dtype != torch.long:
        got = "none" if edge_index is None else f"{list(edge_index.shape)} {edge_index.dtype}"
        raise ValueError(f"label graph: expected 'edge_index' of shape [2, E] and dtype int64, got {got}")
    if weight is None or weight.shape != (edge_index.size(1),) or not weight.is_floating_point():
        got = "none" if weight is None else f"{list(weight.shape)} {weight.dtype}"
        raise ValueError(f"label graph: expected {edge_index.size(1)} floating point 'edge_weight', got {got}")
    if num_labels is not None and num_nodes != num_labels:
        raise ValueError(f"label graph: expected {num_labels} labels, got {num_nodes}")
    if edge_index.numel() and (int(edge_index.min()) < 0 or int(edge_index.max()) >= num_nodes):
        raise ValueError(
            f"label graph: expected label ids from 0 to {num_nodes - 1}, "
            f"got {int(edge_index.min())} to {int(edge_index.max())}"
        )
    bad = ~(torch.isfinite(weight) & (weight > 0))
    if bool(bad.any()):
        raise ValueError(
            f"label graph: expected finite weights greater than 0, got {float(weight[bad][0])} "
            f"and {int(bad.sum()) - 1} more"
        )
    source, target = edge_index
    step = (target * num_nodes + source).diff()
    if bool((step <= 0).any()):
        kind = "a repeated edge" if bool((step == 0).any()) else "edges out of order"
        raise ValueError(f"label graph: expected distinct edges sorted by target, then source, got {kind}")
    loops = int((source == target).sum())
    if loops != num_nodes:
        raise ValueError(f"label graph: expected a self loop on each of {num_nodes} labels, got {loops}")
    return data


class LabelGraphBuilder(ABC):
    """A callable that makes a label graph out of a data set.

    Subclasses keep their constructor arguments as attributes of the same names and implement :meth:`build`.
    """

    def __call__(self, data: Any) -> Data:
        """Builds and validates the graph.

        Args:
            data: an ``LFDataset`` (training documents alone are read), or the scipy sparse matrix that the
                builder needs.

        Returns:
            ``Data(edge_index [2, E], edge_weight [E] float32, num_nodes=L)``: raw weights, a self loop a label.
        """
        return validate_label_graph(self.build(data))

    @abstractmethod
    def build(self, data: Any) -> Data:
        """Builds the graph; see :meth:`__call__`."""

    def __repr__(self) -> str:
        names = inspect.signature(type(self).__init__).parameters
        values = ((name, getattr(self, name)) for name in names if name != "self")
        shown = (f"{n}={list(v.shape) if isinstance(v, Tensor) else repr(v)}" for n, v in values)
        return f"{type(self).__name__}({', '.join(shown)})"
