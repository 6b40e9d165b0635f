from __future__ import annotations

import pytest

from xcgraph.models import DECAF, ECLARE
from xcgraph.training import make_model as module
from xcgraph.training.make_model import make_model


@pytest.mark.parametrize(("name", "kind"), [("eclare", ECLARE), ("decaf", DECAF)])
def test_kinds(small, name, kind):
    model = make_model(small(name), name, "default", 30, 12, refinement=True)
    assert type(model) is kind and (model.num_tokens, model.num_labels, model.dim) == (30, 12, 8)
    assert model.refinement and model.classifier.bias is not None


def test_a_surrogate_has_no_refinement_vectors_but_text(small):
    settings = small(label_text=False)
    surrogate, ranker = (make_model(settings, "eclare", "default", 30, 12, refined) for refined in (False, True))
    assert (surrogate.refinement, surrogate.label_text) == (False, True)
    assert (ranker.refinement, ranker.label_text) == (True, False)


def test_surrogate_of_the_papers(small):
    """It has no biases, and a dropout of its own."""
    settings = small("decaf", "paper", surrogate_dropout=0.75, dropout=0.25, document_dropout=0.5)
    surrogate, ranker = (make_model(settings, "decaf", "paper", 30, 12, refined) for refined in (False, True))
    assert (surrogate.dropout, surrogate.document_dropout.p) == (0.75, 0.75)
    assert (ranker.dropout, ranker.document_dropout.p) == (0.25, 0.5)
    assert surrogate.classifier.bias is None and ranker.classifier.bias is not None


def test_large_tables_have_sparse_gradients(small, monkeypatch):
    monkeypatch.setattr(module, "SPARSE_TABLE", 20 * 8)
    model = make_model(small(), "eclare", "default", 21, 20, refinement=True)
    assert model.embedding.sparse and not model.classifier.sparse
    rowwise = make_model(small(optimizer_state="rowwise"), "eclare", "default", 2, 2, refinement=True)
    assert rowwise.embedding.sparse and rowwise.classifier.sparse
