"""Rankers of random tensors: 12 labels, 4 clusters, 9 tokens, 5 dimensions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.inference import BeamSearch, DocumentEncoder, Expansion, LabelRanker, LexicalScorer
from xcgraph.shortlist import ClusterIndex
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_label_graph

L, K, V, D = 12, 4, 9, 5


def random_encoder(generator: torch.Generator) -> DocumentEncoder:
    shapes = {"tokens": (V, D), "gate": (D,), "weight": (D, D), "bias": (D,)}
    return DocumentEncoder(**{name: torch.randn(shape, generator=generator) for name, shape in shapes.items()})


def expansion(num_nodes: int, mix: float, seed: int) -> Expansion:
    graph = tiny_label_graph(num_nodes, 2, seed)
    return Expansion(CSR.from_edge_index(graph.edge_index, graph.edge_weight, (num_nodes, num_nodes)), mix)


def random_lexical(generator: torch.Generator) -> LexicalScorer:
    dense = torch.rand(V, L, generator=generator) * (torch.rand(V, L, generator=generator) < 0.3)
    return LexicalScorer(CSR.from_scipy(csr_matrix(3 * dense.numpy())))


def random_ranker(
    seed: int = 0,
    *,
    shortlist: bool = False,
    game: float = 0.0,
    meta_game: float = 0.0,
    bias: bool = True,
    beam: int = 6,
    meta_beam: int = 2,
    link: str = "sigmoid",
    lexical: bool = False,
) -> LabelRanker:
    g = torch.Generator().manual_seed(seed)
    encoder, search = random_encoder(g), None
    if shortlist:
        # Clusters of 1 to 5 labels.
        assignment = torch.tensor([0, 1, 1, 2, 2, 2, 3, 2, 1, 2, 1, 3])
        search = BeamSearch(
            random_encoder(g),
            torch.randn(K, D, generator=g),
            torch.randn(K, generator=g) if bias else None,
            ClusterIndex(assignment, K),
            meta_beam,
            expansion(K, meta_game, seed + 1) if meta_game else None,
        )
    return LabelRanker(
        encoder,
        torch.randn(L, D, generator=g),
        torch.randn(L, generator=g) if bias else None,
        search,
        expansion(L, game, seed + 2) if game else None,
        beam,
        link,
        random_lexical(g) if lexical else None,
    )


@pytest.fixture
def make_ranker() -> Callable[..., LabelRanker]:
    return random_ranker


@pytest.fixture
def doc_x() -> CSR:
    """Seven documents, one of them without tokens."""
    g = torch.Generator().manual_seed(9)
    dense = torch.rand(7, V, generator=g) * (torch.rand(7, V, generator=g) < 0.5)
    dense[3] = 0
    return CSR.from_scipy(csr_matrix(dense.numpy()))
