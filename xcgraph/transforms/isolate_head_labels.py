"""Cut very frequent labels out of the graph."""

from __future__ import annotations

from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from .fill_self_loops import FillSelfLoops


class IsolateHeadLabels(BaseTransform):
    """Leaves labels that are more frequent than ``threshold`` nothing but a self loop of weight 1.

    A head label co-occurs with almost everything, so its edges say little and blur the tail (ECLARE, WWW 2021,
    drops labels of more than 500 training documents).

    Args:
        frequency: training documents of each label, shape ``[L]``.
        threshold: most documents that a connected label may have.
    """

    def __init__(self, frequency: Tensor, threshold: float = 500) -> None:
        if frequency.dim() != 1:
            raise ValueError(f"expected 'frequency' of shape [L], got {list(frequency.shape)}")
        self.frequency = frequency
        self.threshold = threshold

    def forward(self, data: Data) -> Data:
        """Returns the graph with a self loop a label and no other edge at head labels."""
        if self.frequency.numel() != data.num_nodes:
            raise ValueError(f"expected the frequency of {data.num_nodes} labels, got {self.frequency.numel()}")
        is_head = (self.frequency > self.threshold).to(data.edge_index.device)
        source, target = data.edge_index
        return FillSelfLoops(1.0)(data.edge_subgraph(~(is_head[source] | is_head[target])))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(frequency=[{self.frequency.numel()}], threshold={self.threshold})"
