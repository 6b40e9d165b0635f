"""Rankers of random tensors: 12 labels, 4 clusters, 9 tokens, 5 dimensions."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.data import Vectorizer
from xcgraph.inference import BeamSearch, DocumentEncoder, Expansion, LabelRanker, LexicalScorer
from xcgraph.inference.model_folder import StoredModel
from xcgraph.shortlist import ClusterIndex
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_dataset, tiny_label_graph

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


def words(data) -> list[str]:
    """A word for each feature of a tiny data set, in the order of its ids."""
    return [f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(data.num_features)]


@functools.cache
def _train(model: str, changes: tuple[str, ...]) -> StoredModel:
    from xcgraph.training import make_settings
    from xcgraph.training.pipeline import Pipeline

    data = tiny_dataset()
    settings = make_settings(model, "default", ["dim=8", "max_epochs=2", "min_epochs=1", "instances=2", *changes])
    ranker = Pipeline(data, model, "default", settings).fit()
    vectorizer = Vectorizer().fit([" ".join(words(data))])
    titles = [" ".join(words(data)[i] for i in row.indices) for row in data.label_x]
    return StoredModel(ranker, vectorizer, data.label_uids, titles, {"seed": 0})


@pytest.fixture
def train() -> Callable[..., StoredModel]:
    """Models trained on :func:`tiny_dataset`: ``train("decaf", "dim=4")``; not to be changed."""
    return lambda model="eclare", *changes: _train(model, changes)
