"""Give each label a self loop."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from .edges import sort_edges

Mode = Literal["missing", "all"]


class FillSelfLoops(BaseTransform):
    """Gives labels a self loop, so that no row or column of G is empty.

    Args:
        value: weight of the loops that are set, greater than 0.
        mode: ``"missing"`` leaves the loops that exist as they are (ECLARE, WWW 2021); ``"all"`` sets every loop.
    """

    def __init__(self, value: float = 1.0, mode: Mode = "missing") -> None:
        if not value > 0:
            raise ValueError(f"expected 'value' greater than 0, got {value}")
        if mode not in get_args(Mode):
            raise ValueError(f"expected 'mode' to be one of {list(get_args(Mode))}, got {mode!r}")
        self.value = value
        self.mode = mode

    def forward(self, data: Data) -> Data:
        """Returns the graph with one self loop a label, sorted by target, then source, duplicates merged."""
        data = sort_edges(data)
        source, target = data.edge_index
        is_loop = source == target
        looped = source[is_loop]
        if self.mode == "all":
            data.edge_weight = data.edge_weight.masked_fill(is_loop, self.value)
        missing = torch.ones(data.num_nodes, dtype=torch.bool, device=source.device)
        missing[looped] = False
        label = missing.nonzero().view(-1)
        if label.numel() == 0:
            return data
        data.edge_index = torch.cat([data.edge_index, label.expand(2, -1)], dim=1)
        data.edge_weight = torch.cat([data.edge_weight, data.edge_weight.new_full(label.shape, self.value)])
        return sort_edges(data)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(value={self.value}, mode={self.mode!r})"
