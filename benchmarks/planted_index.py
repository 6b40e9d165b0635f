"""An untrained model of any number of labels, to time the query path of ``benchmarks/latency.py`` by."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from xcgraph.data import Vectorizer
from xcgraph.datasets.planted import planted_words
from xcgraph.datasets.planted_source import PlantedSource
from xcgraph.inference import DocumentEncoder, EnsembleRanker, LabelRanker, LexicalScorer
from xcgraph.inference.model_folder import StoredModel
from xcgraph.sparse import CSR

#: Said with the numbers.
HOW = (
    "A planted index is not trained. Its labels and documents are those of the data set `planted`. Token "
    "embeddings are Gaussian, with dimensions scaled so that label vectors have the singular values of a "
    "trained model's (of the default recipe on `debian-rse`: 1, 0.2, 0.16, 0.09, 0.06, 0.04, 0.03 of the "
    "largest at places 1, 2, 4, 11, 31, 101, 201). A label's vector is what its text would be embedded as, plus "
    "noise of half its spread in each dimension, scaled so that its products with a document deviate by 2.6, as "
    "they do there. Biases are Gaussian, and a label's tokens speak for it with five times their TF-IDF. What a "
    "query costs depends on none of this, except on the lengths of the tokens' lists of labels; how well a "
    "shortlist agrees with exact scoring does."
)
_NOISE = 0.5
_SPREAD = 2.6
_LEXICAL = 5.0
_BLOCK = 1 << 16


def planted_model(num_labels: int, dim: int, seed: int = 0) -> StoredModel:
    """See :data:`HOW`.

    Args:
        num_labels: L.
        dim: D.
        seed: of data, embeddings and noise.
    """
    source = PlantedSource(num_labels, seed=seed)
    words = planted_words(source.num_words)
    vectorizer = Vectorizer()
    (label_x,) = vectorizer.fit_transform(
        " ".join([words[token] for token in row]) for _, tokens in source.labels() for row in tokens.tolist()
    )
    generator = torch.Generator().manual_seed(seed)
    scale = 0.25 * torch.arange(dim).clamp(min=1) ** -0.4
    scale[0] = 1.0
    tokens = scale * torch.randn(vectorizer.num_features, dim, generator=generator)
    encoder = DocumentEncoder(tokens, torch.ones(dim), torch.zeros(dim, dim), torch.zeros(dim))
    weight = torch.empty(num_labels, dim)
    for start in range(0, num_labels, _BLOCK):
        rows = encoder(CSR.from_scipy(label_x[start : start + _BLOCK]))
        noise = torch.randn(rows.shape, generator=generator)
        weight[start : start + _BLOCK] = rows + _NOISE * rows.std(dim=0) * noise
    sample = weight[torch.randperm(num_labels, generator=generator)[:1000]]
    documents = encoder(CSR.from_scipy(label_x[:200]))
    weight *= _SPREAD / (documents @ sample.t()).std(dim=1).median()
    bias = torch.randn(num_labels, generator=generator)
    ranker = LabelRanker(
        encoder, weight, bias, link="softmax", lexical=LexicalScorer.weighted([(label_x, _LEXICAL)])
    )
    names = [f"l{number}" for number in range(num_labels)]
    return StoredModel(EnsembleRanker([ranker]), vectorizer, names, names, {"seed": seed})


def planted_texts(num_labels: int, count: int, seed: int = 0) -> list[str]:
    """Texts of the first test documents of the same data."""
    source = PlantedSource(num_labels, seed=seed)
    words = planted_words(source.num_words)

    def texts() -> Iterator[str]:
        for _, _, tokens in source.documents("test"):
            for row in tokens.tolist():
                yield " ".join([words[token] for token in row if token >= 0])

    found = texts()
    return [next(found) for _ in range(count)]
