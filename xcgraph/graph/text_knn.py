"""Label graph of nearest label texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch_geometric.data import Data

from xcgraph.transforms import FillSelfLoops, TopKEdges

from .base import LabelGraphBuilder
from .blocks import Edges, graph_from_blocks
from .inputs import label_text
from .text_cosine import text_cosine

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Method = Literal["auto", "exact", "approximate"]

_BLOCK_ELEMENTS = 1 << 22


class TextKNNGraph(LabelGraphBuilder):
    """Joins each label to the ``k`` other labels whose texts are nearest by cosine.

    The weight is the cosine, which must be greater than 0: a label without tokens, or with tokens of its own,
    gets fewer neighbours rather than arbitrary ones. Self loops weigh 1, the cosine of a text with itself.

    Args:
        k: neighbours a row, besides the self loop; of equal cosines the lower label id (exact search).
        method: ``"exact"`` compares all pairs, in blocks; ``"approximate"`` uses NN-descent (pynndescent; Dong,
            Moses and Li, WWW 2011); ``"auto"`` is exact up to ``exact_max_labels`` labels with text.
        exact_max_labels: see ``method``.
        seed: of the approximate search.
    """

    def __init__(
        self, k: int = 10, method: Method = "auto", exact_max_labels: int = 50_000, seed: int = 0
    ) -> None:
        if k < 1:
            raise ValueError(f"expected 'k' of at least 1, got {k}")
        if method not in get_args(Method):
            raise ValueError(f"expected 'method' to be one of {list(get_args(Method))}, got {method!r}")
        self.k = k
        self.method = method
        self.exact_max_labels = exact_max_labels
        self.seed = seed

    def build(self, data: Any) -> Data:
        """Builds the graph from ``data.label_x`` or a scipy sparse matrix ``[L, V]``."""
        x = label_text(data)
        # An approximate index would give rows without tokens neighbours at random.
        label = np.flatnonzero(np.diff(x.indptr))
        exact = self.method == "exact" or (self.method == "auto" and label.size <= self.exact_max_labels)
        # NN-descent needs more rows than the neighbours it looks for; a few rows are cheaper to compare anyway.
        search = self._exact if exact or label.size <= 4 * self.k else self._approximate
        labels = torch.from_numpy(label)
        blocks = ((labels[target], labels[source], weight) for target, source, weight in search(x[label]))
        graph = graph_from_blocks(blocks, TopKEdges(self.k, keep_self_loops=False), x.shape[0])
        return FillSelfLoops(1.0, mode="all")(graph)

    def _exact(self, x: csr_matrix) -> Iterator[Edges]:
        num_rows = x.shape[0]
        by_token = x.T.tocsr()
        step = max(1, _BLOCK_ELEMENTS // max(1, num_rows))
        for start in range(0, num_rows, step):
            cosine = torch.from_numpy((x[start : start + step] @ by_token).toarray())
            cosine.diagonal(start).zero_()
            # All that tie with the k-th stay for now: which of them is kept is not left to 'topk'.
            least = cosine.topk(min(self.k, num_rows), dim=1).values[:, -1:]
            row, column = (cosine >= least.clamp_min(torch.finfo(cosine.dtype).tiny)).nonzero().unbind(1)
            yield row + start, column, cosine[row, column]

    def _approximate(self, x: csr_matrix) -> Iterator[Edges]:
        from pynndescent import NNDescent

        # More than k, cut to k later: on sparse texts a search for k alone finds about half of the true ones.
        index = NNDescent(x, metric="cosine", n_neighbors=3 * self.k, random_state=self.seed)
        neighbor = torch.from_numpy(index.neighbor_graph[0]).long()
        row = torch.arange(x.shape[0]).view(-1, 1).expand_as(neighbor)
        found = (neighbor >= 0) & (neighbor != row)  # -1 where the search found fewer
        target, source = row[found], neighbor[found]
        # Computed anew, so that weights do not depend on the method of the search.
        weight = text_cosine(x, target, source)
        positive = weight > 0
        yield target[positive], source[positive], weight[positive]
