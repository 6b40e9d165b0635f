import types

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

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


def test_exact_against_dense_cosines(rows_of, monkeypatch):
    x = _texts()
    graph = TextKNNGraph(k=4)(x)
    rows = rows_of(graph)
    assert rows == _nearest(x, 4)
    assert rows[3] == rows_of(TextKNNGraph(k=4)(types.SimpleNamespace(label_x=x)))[3] == {3: 1.0}
    assert rows[5] == {5: 1.0}
    assert rows[8][9] == pytest.approx(1.0)
    monkeypatch.setattr(module, "_BLOCK_ROWS", 3)
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


def test_approximate_opens_the_shortest_lists_that_fit(rows_of):
    # Token 0 is in five texts, tokens 1 and 2 in two each.
    x = csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1], [1, 0, 0]], dtype=np.float32))
    for cost, method in ((8, "approximate"), (32, "auto")):
        rows = rows_of(TextKNNGraph(k=4, method=method, max_cost=cost)(x))
        # Found by tokens 1 and 2; the cosines count token 0 too.
        assert rows == {
            0: {0: 1, 1: pytest.approx(1)}, 1: {1: 1, 0: pytest.approx(1)},
            2: {2: 1, 3: pytest.approx(1)}, 3: {3: 1, 2: pytest.approx(1)}, 4: {4: 1},
        }  # fmt: skip
    exact = rows_of(TextKNNGraph(k=4, method="exact", max_cost=8)(x))
    assert rows_of(TextKNNGraph(k=4, max_cost=33)(x)) == exact == _nearest(x, 4)
    # Tokens of equally many labels: both or neither.
    assert rows_of(TextKNNGraph(method="approximate", max_cost=7)(x)) == {row: {row: 1.0} for row in range(5)}


def test_threads_change_nothing(monkeypatch):
    x = _texts(300, 20)
    monkeypatch.setattr(module, "_BLOCK_ROWS", 7)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    many = TextKNNGraph()(x)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    one = TextKNNGraph()(x)
    assert torch.equal(many.edge_index, one.edge_index) and torch.equal(many.edge_weight, one.edge_weight)


@pytest.mark.parametrize("kwargs", [{"k": 0}, {"method": "fast"}])
def test_bad_arguments(kwargs):
    with pytest.raises(ValueError, match="expected"):
        TextKNNGraph(**kwargs)


def test_bad_texts():
    with pytest.raises(ValueError, match="NaN or infinity"):
        TextKNNGraph()(csr_matrix(np.array([[np.nan, 1.0]])))
    with pytest.raises(ValueError, match="at least 0 in 'label_x', got -"):
        TextKNNGraph()(csr_matrix(np.array([[-0.5, 1.0]])))
