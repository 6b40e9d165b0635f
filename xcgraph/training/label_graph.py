"""The label graph that settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.graph import CooccurrenceGraph, RandomWalkGraph, TextKNNGraph

from .settings import Settings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def make_label_graph(
    settings: Settings,
    recipe: str,
    y: csr_matrix,
    label_x: csr_matrix,
    embedding: Tensor | None,
    seed: int,
    device: torch.device,
) -> Data:
    """Builds a label graph, not yet normalised, on a device.

    Args:
        settings: their ``graph`` is not ``"none"``.
        recipe: the papers' walks are sampled; by default their expectation may be computed.
        y: relevance of the training documents, ``[N, L]``.
        label_x: texts of the labels, ``[L, V]``.
        embedding: of the labels' texts, ``[L, D]``, to drop neighbours of walks by that disagree.
        seed: of walks.
        device: to build on.
    """
    if settings.graph == "walk":
        raw = RandomWalkGraph(
            settings.restart, settings.walk_length, settings.graph_top_k, settings.head_threshold,
            settings.prune_max_dist, embedding, method="walk" if recipe == "paper" else "auto",
            seed=seed, device=device,
        )(y)  # fmt: skip
    elif settings.graph == "cooccurrence":
        raw = CooccurrenceGraph(k=settings.graph_top_k)(y)
    else:
        raw = TextKNNGraph(k=settings.graph_top_k)(label_x)
    return raw.to(str(device))
