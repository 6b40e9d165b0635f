"""Scale edge weights by row and column sums."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform
from torch_geometric.utils import scatter

from .edges import edge_weight_of

Norm = Literal["sym", "row"]


class NormalizeEdges(BaseTransform):
    r"""Normalises the label graph G.

    With R the row sums (over the edges into a label) and S the column sums (over the edges out of it):
    ``"sym"`` is :math:`R^{-1/2} G S^{-1/2}` (ECLARE, Mittal et al., WWW 2021), whose rows do not sum to 1 but
    whose largest singular value is 1; ``"row"`` is :math:`R^{-1} G`, one step of a random walk on G.

    Args:
        norm: ``"sym"`` or ``"row"``.
    """

    def __init__(self, norm: Norm = "sym") -> None:
        if norm not in get_args(Norm):
            raise ValueError(f"expected 'norm' to be one of {list(get_args(Norm))}, got {norm!r}")
        self.norm = norm

    def forward(self, data: Data) -> Data:
        """Returns the graph with the same edges, new weights (same dtype); weights must not be negative."""
        raw = edge_weight_of(data)
        tiny = torch.finfo(torch.double).tiny  # keeps a row of zeros at zero
        # Sums in double precision: the parallel order of additions on a GPU then leaves no trace in the result.
        weight = raw.double()
        source, target = data.edge_index
        row_sum = scatter(weight, target, dim_size=data.num_nodes).clamp_min(tiny)[target]
        if self.norm == "row":
            scaled = weight / row_sum
        else:
            column_sum = scatter(weight, source, dim_size=data.num_nodes).clamp_min(tiny)[source]
            scaled = weight / row_sum.sqrt() / column_sum.sqrt()
        data.edge_weight = scaled.to(raw.dtype)
        return data

    def __repr__(self) -> str:
        return f"{type(self).__name__}(norm={self.norm!r})"
