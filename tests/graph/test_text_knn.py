import sys
import types

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix, vstack

import xcgraph.graph.text_knn as module
from xcgraph.graph import TextKNNGraph


def _texts(num_labels=40, num_tokens=30, seed=0):
    """Texts of 1 to 4 tokens; labels 3 and 17 have none, label 5 one of its own, 8 and 9 the same text."""
    rng = np.random.default_rng(seed)
    x = np.zeros((num_labels, num_tokens + 1), dtype=np.float32)
    for label in range(num_labels):
        x[label, rng.choice(num_tokens, size=rng.integers(1, 5), replace=False)] = rng.random() + 0.5
    x[[3, 17]] = 0
    x[5] = 0
    x[5, -1] = 2
    x[9] = x[8]
    return csr_matrix(x)


def _nearest(x, k):
    """Oracle: the k largest positive cosines of each row, lower ids first, and the self loop."""
    dense = x.toarray().astype(np.float64)
    dense /= np.maximum(np.linalg.norm(dense, axis=1), 1e-12)[:, None]
    rows = {}
    for row, cosine in enumerate(dense @ dense.T):
        others = sorted((-round(c, 6), m) for m, c in enumerate(cosine) if m != row and c > 0)[:k]
        rows[row] = {row: 1.0} | {m: pytest.approx(-c, abs=1e-5) for c, m in others}
    return rows


@pytest.fixture
def fake_index(monkeypatch):
    """Stands in for pynndescent, whose compilation takes a minute; finds all neighbours, itself and a -1 a row."""
    seen = {}

    class NNDescent:
        def __init__(self, data, metric, n_neighbors, random_state):
            seen.update(rows=data.shape[0], metric=metric, n_neighbors=n_neighbors, seed=random_state)
            cosine = (data @ data.T).toarray()
            order = np.argsort(-cosine, axis=1, kind="stable")[:, :n_neighbors].astype(np.int32)
            order[:, -1] = -1
            self.neighbor_graph = (order, np.zeros(order.shape, dtype=np.float32))

    monkeypatch.setitem(sys.modules, "pynndescent", types.SimpleNamespace(NNDescent=NNDescent))
    return seen


def test_exact_against_dense_cosines(rows_of, monkeypatch):
    x = _texts()
    graph = TextKNNGraph(k=4)(x)
    rows = rows_of(graph)
    assert rows == _nearest(x, 4)
    assert rows[3] == rows_of(TextKNNGraph(k=4)(types.SimpleNamespace(label_x=x)))[3] == {3: 1.0}
    assert rows[5] == {5: 1.0}
    assert rows[8][9] == pytest.approx(1.0)
    monkeypatch.setattr(module, "_BLOCK_ELEMENTS", 100)  # two rows a block
    assert torch.equal(TextKNNGraph(k=4)(x).edge_index, graph.edge_index)


def test_many_equal_texts(rows_of):
    x = csr_matrix(np.ones((6, 1), dtype=np.float32))
    assert [sorted(row) for row in rows_of(TextKNNGraph(k=2)(x)).values()] == [
        [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 3], [0, 1, 4], [0, 1, 5]
    ]  # fmt: skip


def test_one_label_no_text_and_fewer_labels_than_k(rows_of):
    assert rows_of(TextKNNGraph()(csr_matrix(np.ones((1, 2))))) == {0: {0: 1.0}}
    assert rows_of(TextKNNGraph()(csr_matrix((2, 5)))) == {0: {0: 1.0}, 1: {1: 1.0}}
    assert rows_of(TextKNNGraph(k=9)(csr_matrix(np.ones((2, 1))))) == {0: {0: 1, 1: 1}, 1: {0: 1, 1: 1}}


def test_approximate_keeps_what_the_index_found(rows_of, fake_index):
    x = _texts()
    graph = TextKNNGraph(k=4, method="approximate", seed=9)(x)
    assert fake_index == {"rows": 38, "metric": "cosine", "n_neighbors": 12, "seed": 9}
    rows = rows_of(graph)
    assert rows[3] == {3: 1.0}
    assert rows[5] == {5: 1.0}
    # Which of several equal cosines an index finds is its own affair: values are compared.
    exact = rows_of(TextKNNGraph(k=4, method="exact")(x))
    for row, found in rows.items():
        assert sorted(found.values()) == pytest.approx(sorted(exact[row].values()))


def test_auto_chooses_by_the_number_of_labels_with_text(fake_index):
    x = _texts()
    TextKNNGraph(k=4, exact_max_labels=38)(x)
    assert not fake_index
    TextKNNGraph(k=4, exact_max_labels=37)(x)
    assert fake_index["rows"] == 38
    fake_index.clear()
    TextKNNGraph(k=10, method="approximate")(x)  # too few rows to search among
    assert not fake_index


@pytest.mark.slow
def test_approximate_with_pynndescent(rows_of):
    pytest.importorskip("pynndescent", reason="pynndescent is not installed")
    x = vstack([_texts(600, 80), csr_matrix((4, 81))]).tocsr()
    graph = TextKNNGraph(k=5, method="approximate", seed=0)(x)
    again = TextKNNGraph(k=5, method="approximate", seed=0)(x)
    assert torch.equal(graph.edge_index, again.edge_index)
    rows, exact = rows_of(graph), rows_of(TextKNNGraph(k=5, method="exact")(x))
    assert rows[603] == {603: 1.0}
    found = sum(sum(row.values()) for row in rows.values())
    assert found > 0.95 * sum(sum(row.values()) for row in exact.values())


@pytest.mark.parametrize("kwargs", [{"k": 0}, {"method": "fast"}])
def test_bad_arguments(kwargs):
    with pytest.raises(ValueError, match="expected"):
        TextKNNGraph(**kwargs)


def test_bad_texts():
    with pytest.raises(ValueError, match="NaN or infinity"):
        TextKNNGraph()(csr_matrix(np.array([[np.nan, 1.0]])))
