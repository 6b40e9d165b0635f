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


def weighted() -> LexicalScorer:
    return LexicalScorer.weighted([(CENTROID, 2.0), (LABEL_X, 3.0), (sparse(L, V, 3), 0.0)])


# Entries taken at a time; share of the labels that makes a token a dense column, and how many there may be.
@pytest.fixture(params=[(1, 9, 0), (7, 9, 0), (1 << 22, 9, 0), (7, 0.5, 99), (7, 0.1, 2), (7, 0, 99)])
def scorer(request, monkeypatch):
    monkeypatch.setattr(lexical_scorer, "_MAX_ENTRIES", request.param[0])
    monkeypatch.setattr(lexical_scorer, "_HEAD_SHARE", request.param[1])
    monkeypatch.setattr(lexical_scorer, "_MAX_HEAD", request.param[2] * L)
    return weighted()


def test_frequent_tokens_are_dense_columns(monkeypatch):
    monkeypatch.setattr(lexical_scorer, "_HEAD_SHARE", 0.5)
    counts = np.bincount((CENTROID + LABEL_X).indices, minlength=V)
    frequent = np.flatnonzero(counts > 0.5 * L)
    assert 0 < len(frequent) < V
    assert np.flatnonzero(weighted()._head.numpy() >= 0).tolist() == frequent.tolist()
    monkeypatch.setattr(lexical_scorer, "_MAX_HEAD", 2 * L)
    kept = np.flatnonzero(weighted()._head.numpy() >= 0)
    assert len(kept) == 2 and counts[kept].min() >= np.sort(counts)[-2]


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
    weightless = LexicalScorer.weighted([(csr_matrix((L, V), dtype=np.float32), 1.0)])
    assert not weightless.add_(torch.zeros(5, L), CSR.from_scipy(X)).any()


def test_weighted_sum():
    got = LexicalScorer.weighted(iter([(CENTROID, 2.0), (LABEL_X, -3.0)])).weight
    np.testing.assert_allclose(
        got.to_torch().to_dense(), (2 * CENTROID - 3 * LABEL_X).toarray().T, rtol=1e-5, atol=1e-6
    )
    assert got.shape == (V, L) and got.value.dtype == torch.float32
    # Double precision in, single out; columns of a row ascending.
    single = LexicalScorer.weighted([(CENTROID.astype("float64"), 1.0)]).weight
    assert single.value.dtype == torch.float32 and single.nnz == CENTROID.nnz
    assert all((single.col[a:b].diff() > 0).all() for a, b in zip(single.rowptr, single.rowptr[1:], strict=False))
    for parts in ([], [(CENTROID, 0.0)]):
        with pytest.raises(ValueError, match="expected at least one part with a weight other than 0, got none"):
            LexicalScorer.weighted(parts)


def test_document_centroids():
    y = csr_matrix(np.array([[1, 0, 1], [1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]], dtype=np.float32))
    got = document_centroids(X, y).toarray()
    dense = X.toarray()
    for label, rows in ((0, [0, 1, 3]), (2, [0, 2])):
        mean = dense[rows].mean(axis=0)
        np.testing.assert_allclose(got[label], mean / np.linalg.norm(mean), rtol=1e-5, atol=1e-6)
    assert not got[1].any()


def test_repr():
    scorer = weighted()
    assert repr(scorer) == f"LexicalScorer(6 labels, {scorer.weight.nnz} weights)"
    assert torch.equal(scorer.to("cpu").weight.value, scorer.weight.value)
