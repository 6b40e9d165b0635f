"""Lexical parts and untuned rankers of a tiny data set."""

from __future__ import annotations

import pytest
import torch

from xcgraph.inference import document_centroids
from xcgraph.sparse import CSR
from xcgraph.training.fusion import LEXICAL, LexicalParts
from xcgraph.training.one_vs_all import fit_one_vs_all
from xcgraph.training.pipeline import Pipeline


@pytest.fixture(scope="session")
def parts(tiny):
    linear = fit_one_vs_all(tiny.train_x, tiny.train_y)
    centroid = document_centroids(tiny.train_x, tiny.train_y)
    bias = torch.rand(12, generator=torch.Generator().manual_seed(0))  # real ones are zero but for frequent labels
    return LexicalParts({"linear": linear.weight, "centroid": centroid, "text": tiny.label_x}, {"linear": bias})


@pytest.fixture(scope="session")
def rankers(tiny, small):
    """Untuned rankers by scoring."""
    return {
        scoring: Pipeline(tiny, "eclare", "default", small(scoring=scoring)).fit().members[0]
        for scoring in ("all", "shortlist")
    }


@pytest.fixture
def doc_x(tiny):
    return CSR.from_scipy(tiny.test_x)


@pytest.fixture(scope="session")
def dense_parts(parts, tiny):
    """Scores of test documents and all labels, by part."""
    x = tiny.test_x.toarray()
    return {name: x @ parts.rows[name].toarray().T + parts.bias_of(name).numpy() for name in LEXICAL}
