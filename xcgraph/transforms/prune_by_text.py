"""Drop edges between labels whose texts disagree."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

_CHUNK_ELEMENTS = 1 << 22


class PruneByText(BaseTransform):
    """Drops the edges whose labels are further apart than ``max_dist`` in cosine distance, ``1 - cos``.

    From ECLARE (Mittal et al., WWW 2021). Self loops stay. A label whose embedding is zero is at distance 1 from
    every other.

    Args:
        label_embedding: text embedding of each label, shape ``[L, D]``, on any device, of any length.
        max_dist: largest distance kept, in ``[0, 2]``; 1.0 drops only the pairs with a negative cosine.
    """

    def __init__(self, label_embedding: Tensor, max_dist: float = 1.0) -> None:
        if label_embedding.dim() != 2:
            raise ValueError(f"expected 'label_embedding' of shape [L, D], got {list(label_embedding.shape)}")
        if not 0.0 <= max_dist <= 2.0:
            raise ValueError(f"expected 'max_dist' between 0 and 2, got {max_dist}")
        self.label_embedding = normalize(label_embedding.detach().float(), dim=1)
        self.max_dist = max_dist

    def forward(self, data: Data) -> Data:
        """Returns the graph with the edges in their order, those between distant labels left out."""
        num_labels, dim = self.label_embedding.shape
        if num_labels != data.num_nodes:
            raise ValueError(f"expected an embedding of {data.num_nodes} labels, got {num_labels}")
        source, target = data.edge_index
        # A chunk of edges at a time: an [E, D] gather of a large graph would not fit.
        chunk = max(1, _CHUNK_ELEMENTS // max(1, dim))
        keep = source == target
        for start in range(0, source.numel(), chunk):
            edges = slice(start, start + chunk)
            x, y = (self.label_embedding[i[edges].to(self.label_embedding.device)] for i in (source, target))
            keep[edges] |= (1.0 - torch.linalg.vecdot(x, y) <= self.max_dist).to(keep.device)
        return data.edge_subgraph(keep)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(label_embedding={list(self.label_embedding.shape)}, max_dist={self.max_dist})"
        )
