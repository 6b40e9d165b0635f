from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from xcgraph.training import one_vs_all
from xcgraph.training.one_vs_all import OneVsAll, fit_one_vs_all

N, V, L = 60, 12, 5


def problem(seed: int = 0, documents: int = N) -> tuple[csr_matrix, csr_matrix]:
    """Documents of norm 1; the last of them, and label 3, have nothing."""
    rng = np.random.default_rng(seed)
    x = rng.random((documents, V)) * (rng.random((documents, V)) < 0.3)
    x[-1] = 0
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    y = (x @ rng.random((V, L)) + 0.2 * rng.random((documents, L)) > 0.9).astype(np.float32)
    y[:, 3] = 0
    y[-1] = [1, 0, 0, 0, 0]
    return csr_matrix(x.astype(np.float32)), csr_matrix(y)


X, Y = problem()


def objective(v: np.ndarray, x: np.ndarray, sign: np.ndarray, cost: float) -> float:
    """As the docstring has it, over the documents given; a bias is the weight of a column of ones."""
    hinge = np.maximum(0.0, 1 - sign * (x @ v - 1))
    return float(0.5 * v @ v + cost * (hinge**2).sum())


def optimum(x: np.ndarray, sign: np.ndarray, cost: float, bounds: list | None = None) -> np.ndarray:
    def gradient(v):
        hinge = np.maximum(0.0, 1 - sign * (x @ v - 1))
        return v - 2 * cost * x.T @ (sign * hinge)

    start = np.zeros(x.shape[1])
    return minimize(objective, start, (x, sign, cost), jac=lambda v, *_: gradient(v), tol=1e-10, bounds=bounds).x


def weights(*args, **options) -> csr_matrix:
    return fit_one_vs_all(*args, with_bias=False, **options).weight


def signs(y: csr_matrix, label: int) -> np.ndarray:
    return np.where(y.toarray()[:, label] > 0, 1.0, -1.0)


def same(a: csr_matrix, b: csr_matrix) -> bool:
    return all(np.array_equal(getattr(a, part), getattr(b, part)) for part in ("data", "indices", "indptr"))


@pytest.mark.parametrize("cost", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_solves_the_problem_it_states(cost, seed):
    x, y = problem(seed)
    weight = weights(x, y, cost=cost, max_iter=1000, min_weight=0.0)
    assert weight.shape == (L, V) and weight.dtype == np.float32 and weight.has_sorted_indices
    for label in (0, 1, 2, 4):
        arguments = x.toarray().astype(np.float64), signs(y, label), cost
        expected, got = optimum(*arguments), weight.toarray()[label].astype(np.float64)
        best = objective(expected, *arguments)
        assert best <= objective(got, *arguments) + 1e-4 <= 1.02 * best + 1e-3
        np.testing.assert_allclose(got, expected, atol=0.15 * np.abs(expected).max())


@pytest.mark.parametrize("cost", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_solves_the_problem_it_states_with_a_bias(cost, seed):
    x, y = problem(seed)
    found = fit_one_vs_all(x, y, cost=cost, max_iter=1000, min_weight=0.0)
    assert isinstance(found, OneVsAll) and found.bias.dtype == np.float32 and (found.bias >= 0).all()
    assert found.bias[3] == 0.0  # without documents
    for label in (0, 1, 2, 4):
        shared = x.toarray()[:, x[y.toarray()[:, label] > 0].toarray().any(axis=0)].any(axis=1)
        rows = np.hstack([x.toarray().astype(np.float64) * shared[:, None], np.ones((N, 1))])
        arguments = rows, signs(y, label), cost
        expected = optimum(*arguments, bounds=[(None, None)] * V + [(0, None)])
        got = np.append(found.weight.toarray()[label], found.bias[label]).astype(np.float64)
        best = objective(expected, *arguments)
        assert best <= objective(got, *arguments) + 1e-4 <= 1.02 * best + 1e-3
        assert got[-1] == pytest.approx(expected[-1], abs=0.03)
    assert found.bias.max() > 0.1 or cost < 1


def test_only_frequent_labels_have_a_bias():
    # Labels 0 and 1 have nine and one of ten documents, whatever their tokens; label 2 what has token 0.
    rng = np.random.default_rng(0)
    x = problem(6, 200)[0]
    y = np.stack([rng.random(200) < 0.9, rng.random(200) < 0.1, x.toarray()[:, 0] > 0], axis=1)
    bias = fit_one_vs_all(x, csr_matrix(y.astype(np.float32))).bias
    assert bias[0] > 0.5 and bias[1] < 0.1 > bias[2]
    assert not fit_one_vs_all(x, csr_matrix(y.astype(np.float32)), with_bias=False).bias.any()
    # Of a sample, nobody can tell how frequent the label is.
    assert not fit_one_vs_all(x, csr_matrix(y.astype(np.float32)), negatives=10, near=0, ratio=0).bias.any()


def test_labels_without_documents_and_documents_without_tokens():
    weight = weights(X, Y)
    assert weight[3].nnz == 0
    x = csr_matrix((4, V), dtype=np.float32)
    y = csr_matrix(np.ones((4, 2), dtype=np.float32))
    assert weights(x, y).nnz == 0
    assert weights(X, csr_matrix((N, 0), dtype=np.float32)).shape == (0, V)
    assert weights(X[:0], Y[:0]).shape == (L, V)


def test_documents_that_share_no_token_cost_nothing():
    x = csr_matrix(np.eye(V, dtype=np.float32)[[0, 0, 1, 2, 3]])
    y = csr_matrix(np.array([[1], [1], [0], [0], [0]], dtype=np.float32))
    weight = weights(x, y, max_iter=1000).toarray()[0]
    # Two documents: v^2 / 2 + 2 (2 - v)^2 is least at v = 8 / 5.
    np.testing.assert_allclose(weight, [1.6] + [0.0] * (V - 1), atol=0.05)


def test_unknown_pairs_are_no_negatives():
    rng = np.random.default_rng(3)
    unknown = csr_matrix((rng.random((N, L)) < 0.3).astype(np.float32))
    weight = weights(X, Y, unknown, max_iter=1000, min_weight=0.0)
    for label in (0, 1, 2, 4):
        # What is relevant stays relevant, unknown or not.
        kept = (unknown.toarray()[:, label] == 0) | (Y.toarray()[:, label] > 0)
        arguments = X.toarray()[kept].astype(np.float64), signs(Y, label)[kept], 1.0
        best = objective(optimum(*arguments), *arguments)
        assert objective(weight.toarray()[label], *arguments) <= 1.02 * best + 1e-3
    assert not same(weight, weights(X, Y, max_iter=1000, min_weight=0.0))
    everything = csr_matrix(np.ones((N, L), dtype=np.float32))
    assert (weights(X, Y, everything).data > 0).all()  # nothing to be told from
    assert same(weights(X, Y, csr_matrix((N, L))), weights(X, Y))


def test_a_sample_of_negatives_comes_near_to_all_of_them():
    x, y = problem(5, 400)
    exact = weights(x, y, min_weight=0.0)
    # From a quarter of the documents, all are taken.
    assert same(weights(x, y, negatives=101, near=7, ratio=0, min_weight=0.0), exact)
    sampled = weights(x, y, negatives=100, near=0, ratio=0, min_weight=0.0)
    assert not same(sampled, exact)
    for label in (0, 1, 2, 4):
        a, b = x @ exact[label].toarray()[0], x @ sampled[label].toarray()[0]
        assert np.corrcoef(a, b)[0, 1] > 0.95
    few = weights(x, y, negatives=1, near=0, ratio=0)
    assert (x @ few.T).toarray()[y.toarray() == 0].mean() > (x @ exact.T).toarray()[y.toarray() == 0].mean()


def test_nearest_documents_are_negatives_too():
    x, y = problem(5, 400)
    # All that share a token with a label's documents are near; no others could be wrong.
    exact = weights(x, y, max_iter=1000, min_weight=0.0).toarray()
    every = weights(x, y, negatives=1, near=400, ratio=0, max_iter=1000, min_weight=0.0).toarray()
    np.testing.assert_allclose(every, exact, atol=0.15 * np.abs(exact).max())
    label, near = 0, 20
    own = y.toarray()[:, label] > 0
    likeness = np.where(own, -1.0, x @ (x[own].sum(axis=0).A1))
    kept = own | (likeness >= np.sort(likeness)[-near])
    assert kept.sum() == own.sum() + near
    arguments = x.toarray()[kept].astype(np.float64), np.where(own[kept], 1.0, -1.0), 1.0
    # One document at random is hardly one that matters.
    got = weights(x, y, negatives=1, near=near, ratio=0, max_iter=1000, min_weight=0.0, seed=1).toarray()[label]
    best = objective(optimum(*arguments), *arguments)
    assert best <= objective(got, *arguments) + 1e-4 <= 1.02 * best + 1e-3
    # Those of a filter are neither near nor far.
    unknown = csr_matrix(np.where(own, 0, 1).astype(np.float32)[:, None] * (np.arange(L) == label))
    weight = weights(x, y, unknown, negatives=1, near=near, ratio=0).toarray()[label]
    assert (weight >= 0).all() and weight.any()


def test_frequent_labels_have_more_negatives():
    x, y = problem(5, 400)
    exact = weights(x, y, min_weight=0.0)
    # Half of the documents, and so all, for the first label only.
    counts = np.diff(y.T.tocsr().indptr)
    ratio = int(np.ceil(101 / counts.max()))
    some = weights(x, y, negatives=2, near=0, ratio=ratio, min_weight=0.0)
    for label in range(L):
        assert same(some[label], exact[label]) == (ratio * counts[label] > 100 or counts[label] == 0)


def test_as_many_near_documents_as_there_are():
    x = csr_matrix(np.eye(V, dtype=np.float32)[[0] * 5 + [1] * 395])
    y = csr_matrix((np.arange(400) < 2).astype(np.float32)[:, None])
    # Three share a token: v^2 / 2 + 2 (2 - v)^2 + 3 v^2 is least at v = 8 / 11.
    weight = weights(x, y, negatives=1, near=50, ratio=0, max_iter=1000, seed=1).toarray()[0]
    np.testing.assert_allclose(weight, [8 / 11] + [0.0] * (V - 1), atol=0.05)


def test_same_seed_same_weights_whatever_the_threads_and_blocks(monkeypatch):
    x, y = problem(5, 400)
    expected = weights(x, y, negatives=50, ratio=0, seed=2)
    assert same(weights(x, y, negatives=50, ratio=0, seed=2, num_threads=3), expected)
    assert not same(weights(x, y, negatives=50, ratio=0, seed=3), expected)
    for buffer in (1, 2 * V, 3 * V):  # one, two and three labels at a time
        monkeypatch.setattr(one_vs_all, "_MAX_BUFFER", buffer)
        assert same(weights(x, y, negatives=50, ratio=0, seed=2, num_threads=2), expected)


def test_a_wide_vocabulary():
    # A row of the buffer holds the tokens of a label's documents, not the vocabulary.
    x = csr_matrix((X.data, X.indices * 100_000, X.indptr), shape=(N, 100_000 * V))
    expected = weights(X, Y).toarray()
    np.testing.assert_array_equal(weights(x, Y)[:, ::100_000].toarray(), expected)


def test_small_weights_are_dropped():
    full = weights(X, Y, min_weight=0.0)
    some = weights(X, Y, min_weight=0.3)
    assert 0 < some.nnz < full.nnz
    expected = np.where(np.abs(full.toarray()) > 0.3, full.toarray(), 0.0)
    np.testing.assert_array_equal(some.toarray(), expected)


def test_more_passes_come_closer():
    def total(max_iter):
        weight = weights(X, Y, max_iter=max_iter, min_weight=0.0).toarray()
        return sum(objective(weight[label], X.toarray(), signs(Y, label), 1.0) for label in (0, 1, 2, 4))

    assert total(1) > total(5) >= total(200) - 1e-3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": Y[:7]}, "expected as many rows in 'x' and 'y', got 60 and 7"),
        ({"cost": 0.0}, "'cost' must be positive, got 0.0"),
        ({"negatives": 0}, "'negatives' must be positive, got 0"),
        ({"near": -1}, "'near' must not be negative, got -1"),
        ({"ratio": -1}, "'ratio' must not be negative, got -1"),
        ({"max_iter": -1}, "'max_iter' must be positive, got -1"),
        ({"unknown": Y[:7]}, r"'unknown' must be of shape \(60, 5\), got \(7, 5\)"),
    ],
)
def test_bad_input(changes, message):
    with pytest.raises(ValueError, match=message):
        fit_one_vs_all(**{"x": X, "y": Y, **changes})
