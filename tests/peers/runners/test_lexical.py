from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.peers.runners import lexical
from xcgraph.peers.runners.lexical import NearestDocuments, NearestLabels, centroids, make_ranker, top_k


def dense_top_k(scores, k):
    """Best ``k`` entries that are not 0 of each row, by loops."""
    index, score = np.full((len(scores), k), -1), np.full((len(scores), k), -np.inf)
    for i, row in enumerate(scores):
        order = sorted((-value, label) for label, value in enumerate(row) if value != 0)
        for rank, (_, label) in enumerate(order[:k]):
            index[i, rank], score[i, rank] = label, row[label]
    return index, score


def dense_knn(data, neighbours):
    cosine = data.test_x.toarray() @ data.train_x.toarray().T
    out = np.zeros(data.test_y.shape)
    for i, row in enumerate(cosine):
        for document in np.argsort(-row, kind="stable")[:neighbours]:
            out[i] += row[document] * data.train_y.toarray()[document]
    return out


def dense_centroid(data):
    out = np.zeros(data.test_y.shape)
    for label in range(data.num_labels):
        rows = data.train_x.toarray()[data.train_y.toarray()[:, label] > 0]
        mean = rows.mean(axis=0)
        out[:, label] = data.test_x.toarray() @ (mean / np.linalg.norm(mean))
    return out


@pytest.mark.parametrize("k", [1, 3, 20])
def test_top_k(k):
    rng = np.random.default_rng(0)
    dense = rng.integers(-2, 4, size=(40, 12)).astype(np.float32)
    dense[3] = 0
    index, score = top_k(csr_matrix(dense), k)
    expected = dense_top_k(dense, k)
    assert index.tolist() == expected[0].tolist() and score.tolist() == expected[1].tolist()


@pytest.mark.parametrize("entries", [1, 500, 1 << 24])
@pytest.mark.parametrize("method", ["knn", "centroid", "text"])
def test_rankers(data, monkeypatch, method, entries):
    """The same scores as dense loops, in blocks of any size."""
    monkeypatch.setattr(lexical, "_MAX_ENTRIES", entries)
    ranker = make_ranker(method, {"neighbours": 5}, data)
    dense = {
        "knn": lambda: dense_knn(data, 5),
        "centroid": lambda: dense_centroid(data),
        "text": lambda: data.test_x.toarray() @ data.label_x.toarray().T,
    }[method]()
    index, score = ranker.predict(data.test_x, 10)
    assert index.shape == score.shape == (30, 10)
    expected = dense_top_k(dense, 10)[1]
    np.testing.assert_allclose(score, expected, rtol=1e-4)
    real = index >= 0
    rows = np.nonzero(real)[0]
    np.testing.assert_allclose(score[real], dense[rows, index[real]], rtol=1e-4)
    # One by one as in batches.
    for row in range(3):
        found, value = ranker.query(ranker.prepare(data.test_x[row]), 5)
        assert found[0].tolist() == index[row, :5].tolist()
        np.testing.assert_allclose(value[0], score[row, :5], rtol=1e-6)


def test_blocks_are_bounded():
    x, y = csr_matrix((10, 5), dtype=np.float32), csr_matrix((10, 1 << 22), dtype=np.float32)
    assert NearestDocuments(x, y, 5).block == 4
    assert NearestLabels(csr_matrix((1 << 25, 5), dtype=np.float32)).block == 1


def test_empty(data):
    ranker = make_ranker("centroid", {}, data)
    index, score = ranker.predict(data.test_x[:0], 7)
    assert index.shape == score.shape == (0, 7)
    index, score = ranker.predict(csr_matrix((2, data.num_features), dtype=np.float32), 7)
    assert (index == -1).all() and (score == -np.inf).all()
    # A label without documents has no direction.
    assert centroids(data.train_x, csr_matrix((150, 3), dtype=np.float32)).nnz == 0


def test_unknown():
    with pytest.raises(ValueError, match="expected knn, centroid or text, got 'bm25'"):
        make_ranker("bm25", {}, None)
