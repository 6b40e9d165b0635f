"""Label graph of nearest label texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch_geometric.data import Data

from xcgraph.transforms import FillSelfLoops, TopKEdges

from .base import LabelGraphBuilder
from .blocks import Edges, graph_from_blocks, in_threads
from .inputs import label_text

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Method = Literal["auto", "exact", "approximate"]

_BLOCK_ROWS = 1 << 13


class TextKNNGraph(LabelGraphBuilder):
    """Joins each label to the ``k`` other labels whose texts are nearest by cosine.

    The weight is the cosine, which must be greater than 0: a label without tokens, or with tokens of its own,
    gets fewer neighbours rather than arbitrary ones. Self loops weigh 1, the cosine of a text with itself.

    Args:
        k: neighbours a row, besides the self loop; of equal cosines the lower label id.
        method: ``"exact"``: ``TextNeighbors`` over all tokens, whose time grows at worst with the sum of
            squares of how many labels each token is in. ``"approximate"``: candidates are the labels that share
            one of the rarer tokens, as many tokens as make that sum at most ``max_cost``; cosines are exact.
            ``"auto"``: exact where that sum is at most ``max_cost``.
        max_cost: about ten nanoseconds each on one thread, much less where lists need not be read.
    """

    def __init__(self, k: int = 10, method: Method = "auto", max_cost: float = 1e11) -> None:
        if k < 1:
            raise ValueError(f"expected 'k' of at least 1, got {k}")
        if method not in get_args(Method):
            raise ValueError(f"expected 'method' to be one of {list(get_args(Method))}, got {method!r}")
        self.k = k
        self.method = method
        self.max_cost = max_cost

    def build(self, data: Any) -> Data:
        """Builds the graph from ``data.label_x`` or a scipy sparse matrix ``[L, V]``, values at least 0."""
        x = label_text(data)
        if x.nnz and x.data.min() < 0:
            raise ValueError(f"expected values of at least 0 in 'label_x', got {x.data.min():g}")
        graph = graph_from_blocks(self._search(x), TopKEdges(self.k, keep_self_loops=False), x.shape[0])
        return FillSelfLoops(1.0, mode="all")(graph)

    def _search(self, x: csr_matrix) -> Iterator[Edges]:
        from .text_neighbors import TextNeighbors  # compiles

        index = TextNeighbors(x, self._longest_list(x))
        starts = range(0, x.shape[0], _BLOCK_ROWS)
        found = in_threads(
            lambda s: index.search(s, min(s + _BLOCK_ROWS, x.shape[0]), self.k), starts, torch.get_num_threads()
        )
        for start, (neighbor, cosine) in zip(starts, found, strict=True):
            row, rank = (neighbor >= 0).nonzero()
            near, weight = torch.from_numpy(neighbor[row, rank]), torch.from_numpy(cosine[row, rank])
            yield torch.from_numpy(row + start), near, weight

    def _longest_list(self, x: csr_matrix) -> int | None:
        """How many labels a token may be in to bring candidates; ``None`` for any number."""
        if self.method == "exact":
            return None
        length = np.sort(np.bincount(x.indices, minlength=x.shape[1]))
        affordable = int(np.searchsorted(np.cumsum(length.astype(np.float64) ** 2), self.max_cost, side="right"))
        if affordable == length.size:
            return None
        # Tokens of equally many labels are in or out together.
        return int(length[affordable]) - 1
