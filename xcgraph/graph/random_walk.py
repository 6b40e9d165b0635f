"""Label graph of restart walks over documents."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform, Compose

from xcgraph.transforms import PruneByText, TopKEdges

from .base import LabelGraphBuilder
from .bipartite_walk import BipartiteWalk, check_walk
from .blocks import Edges, graph_from_blocks, in_threads
from .expected_walk import ExpectedWalk
from .inputs import training_relevance

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Method = Literal["walk", "exact", "auto"]

_log = logging.getLogger(__name__)


class RandomWalkGraph(LabelGraphBuilder):
    """The label correlation graph of ECLARE (Mittal et al., WWW 2021).

    From each label, a walk with restart on the bipartite graph of training documents and labels counts the labels
    it visits; row ``l`` of G holds the ``k`` most visited, and always ``l`` itself. Labels more frequent than
    ``head_threshold`` take no part and get a self loop of weight 1, as do labels without documents.

    Args:
        restart: probability of returning to the source before a step; 0.8 makes 80 % of the visits co-occurrences.
        length: steps of each walk, the sum of each row of G before pruning.
        k: neighbours kept a row; of equal counts the lower label id. Rows hold up to ``k + 1`` entries.
        head_threshold: most training documents of a label that takes part; None for no limit.
        prune_max_dist: with ``label_embedding``, the largest cosine distance between the texts of neighbours.
        label_embedding: text embeddings, shape ``[L, D]``; None prunes nothing.
        method: ``"walk"`` samples; ``"exact"`` computes the expected counts (:class:`ExpectedWalk`: no noise;
            cost grows with the square of labels a document and documents a label); ``"auto"`` takes the one that
            should be faster.
        seed: of the walks. The graph depends on it alone, not on ``block_size`` or ``device``.
        block_size: labels walked from at once; memory is proportional to ``block_size * length``. None fits the
            device.
        device: where walks are made and the graph is returned.
    """

    def __init__(
        self,
        restart: float = 0.8,
        length: int = 400,
        k: int = 10,
        head_threshold: float | None = 500,
        prune_max_dist: float = 1.0,
        label_embedding: Tensor | None = None,
        method: Method = "walk",
        seed: int = 0,
        block_size: int | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        check_walk(restart, length)
        if method not in get_args(Method):
            raise ValueError(f"expected 'method' to be one of {list(get_args(Method))}, got {method!r}")
        if block_size is not None and block_size < 1:
            raise ValueError(f"expected 'block_size' of at least 1, got {block_size}")
        self.restart = restart
        self.length = length
        self.k = k
        self.head_threshold = head_threshold
        self.prune_max_dist = prune_max_dist
        self.label_embedding = label_embedding
        self.method = method
        self.seed = seed
        self.block_size = block_size
        self.device = device

    def build(self, data: Any) -> Data:
        """Builds the graph from ``data.train_y`` or a scipy sparse matrix ``[N, L]``."""
        y = training_relevance(data, self.head_threshold)
        steps: list[BaseTransform] = [TopKEdges(self.k)]
        if self.label_embedding is not None:
            steps.insert(0, PruneByText(self.label_embedding, self.prune_max_dist))
        expected = ExpectedWalk(y, self.restart, self.length)
        exact = self.method == "exact" or (self.method == "auto" and expected.is_cheaper_than_walks())
        _log.debug("label graph of %d labels by %s", y.shape[1], "expectation" if exact else "walks")
        blocks = expected.blocks() if exact else self._walks(y)
        return graph_from_blocks(blocks, Compose(steps), y.shape[1]).to(self.device)

    def _walks(self, y: csr_matrix) -> Iterator[Edges]:
        """Visit counts a block of labels at a time, rows and columns ascending."""
        walk = BipartiteWalk(y, self.restart, self.length, self.seed, self.device)
        block_size = self.block_size or (16384 if torch.device(self.device).type == "cuda" else 1024)
        blocks = (walk.label_degree > 0).nonzero().view(-1).split(block_size)
        # The compiled walk lets other threads run; on a GPU one block is enough for the device.
        threads = torch.get_num_threads() if torch.device(self.device).type == "cpu" else 1
        return in_threads(walk.counts, blocks, threads)
