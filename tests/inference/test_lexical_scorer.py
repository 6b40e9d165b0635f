from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.inference import LexicalScorer, document_centroids, lexical_scorer
from xcgraph.sparse import CSR

L, V = 6, 8


def sparse(rows: int, columns: int, seed: int) -> csr_matrix:
    rng = np.random.default_rng(seed)
    dense = rng.random((rows, columns)) * (rng.random((rows, columns)) < 0.4)
    dense[1] = 0  # an empty row
    norm = np.linalg.norm(dense, axis=1, keepdims=True)
    return csr_matrix((dense / np.where(norm == 0, 1, norm)).astype(np.float32))


CENTROID, LABEL_X, X = sparse(L, V, 0), sparse(L, V, 1), sparse(5, V, 2)
EXPECTED = X.toarray() @ (2 * CENTROID.toarray() + 3 * LABEL_X.toarray()).T
SHORTLIST = torch.tensor([[0, 5, -1], [2, 2, 4], [-1, -1, -1], [3, 1, 5], [5, -1, 0]])


@pytest.fixture(params=[1, 7, 1 << 22])
def scorer(request, monkeypatch):
    monkeypatch.setattr(lexical_scorer, "_MAX_ENTRIES", request.param)
    return LexicalScorer.from_texts(CENTROID, LABEL_X, 2.0, 3.0)


def test_adds_weighted_cosines(scorer):
    logit = torch.randn(5, L)
    expected = logit + torch.from_numpy(EXPECTED)
    out = scorer.add_(logit, CSR.from_scipy(X))
    assert out is logit  # in place
    torch.testing.assert_close(out, expected)


def test_of_shortlist(scorer):
    out = scorer.of_shortlist(CSR.from_scipy(X), SHORTLIST)
    expected = torch.from_numpy(EXPECTED).gather(1, SHORTLIST.clamp(min=0)).masked_fill(SHORTLIST < 0, 0.0)
    torch.testing.assert_close(out, expected)


def test_nothing(scorer):
    none = CSR.from_scipy(csr_matrix((0, V), dtype=np.float32))
    assert scorer.add_(torch.zeros(0, L), none).shape == (0, L)
    assert scorer.of_shortlist(none, torch.empty(0, 3, dtype=torch.long)).shape == (0, 3)
    empty = CSR.from_scipy(csr_matrix((2, V), dtype=np.float32))
    assert not scorer.add_(torch.zeros(2, L), empty).any()
    weightless = LexicalScorer.from_texts(CENTROID, LABEL_X, 0.0, 0.0)
    assert not weightless.add_(torch.zeros(5, L), CSR.from_scipy(X)).any()


def test_document_centroids():
    y = csr_matrix(np.array([[1, 0, 1], [1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]], dtype=np.float32))
    got = document_centroids(X, y).toarray()
    dense = X.toarray()
    for label, rows in ((0, [0, 1, 3]), (2, [0, 2])):
        mean = dense[rows].mean(axis=0)
        np.testing.assert_allclose(got[label], mean / np.linalg.norm(mean), rtol=1e-5, atol=1e-6)
    assert not got[1].any()


def test_repr():
    scorer = LexicalScorer.from_texts(CENTROID, LABEL_X, 2.0, 3.0)
    assert repr(scorer) == f"LexicalScorer(6 labels, {scorer.weight.nnz} weights)"
    assert torch.equal(scorer.to("cpu").weight.value, scorer.weight.value)
