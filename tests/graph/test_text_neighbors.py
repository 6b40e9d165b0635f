import numpy as np
import pytest
from scipy.sparse import random as random_sparse

from xcgraph.graph.text_neighbors import TextNeighbors


def _expected(x, k):
    """Oracle: all products in double precision, rounded as the search rounds them."""
    dense = x.toarray().astype(np.float64)
    rows = []
    for own, product in enumerate((dense @ dense.T).astype(np.float32)):
        others = [(-p, row) for row, p in enumerate(product) if row != own and p > 0]
        rows.append(sorted(others)[:k])
    return rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k", [1, 3, 60])
def test_against_all_products(seed, k):
    """Few frequent tokens and many rare ones, so that searches stop early; weights of all sizes."""
    rng = np.random.default_rng(seed)
    x = random_sparse(50, 40, 0.08, "csr", np.float32, rng).tolil()
    x[:, :3] = rng.random((50, 3)) * (rng.random((50, 3)) < 0.7) * [0.01, 0.2, 1.0]
    x[7] = x[8]
    x = x.tocsr()
    index, product = TextNeighbors(x).search(0, 50, k)
    for row, expected in enumerate(_expected(x, k)):
        found = index[row] >= 0
        assert found.sum() == len(expected)
        np.testing.assert_allclose(product[row][found], [-p for p, _ in expected], rtol=1e-6)
        # Products that round apart by a hair may change places.
        if len({round(float(p), 5) for p, _ in expected}) == len(expected):
            assert index[row][found].tolist() == [other for _, other in expected]


def test_a_part_of_the_rows():
    x = random_sparse(30, 10, 0.3, "csr", np.float32, np.random.default_rng(0))
    whole, part = TextNeighbors(x).search(0, 30, 4), TextNeighbors(x).search(11, 19, 4)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[11:19], b)


def test_products_that_vanish_are_no_neighbours():
    """Products below the smallest float: each row is met once, however often its sum is zero."""
    x = random_sparse(20, 3, 0.9, "csr", np.float32, np.random.default_rng(0))
    x.data[:] = 1e-30
    index, _ = TextNeighbors(x).search(0, 20, 5)
    assert (index == -1).all()


def test_frequent_tokens_bring_no_candidates():
    x = random_sparse(40, 6, 0.5, "csr", np.float32, np.random.default_rng(1))
    index, _ = TextNeighbors(x, max_list=0).search(0, 40, 5)
    assert (index == -1).all()
    limit = int(np.bincount(x.indices).max())
    some, _ = TextNeighbors(x, max_list=limit - 1).search(0, 40, 39)
    for a, b in zip(
        TextNeighbors(x).search(0, 40, 5), TextNeighbors(x, max_list=limit).search(0, 40, 5), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    shared = (
        x[:, np.bincount(x.indices, minlength=6) < limit] @ x[:, np.bincount(x.indices, minlength=6) < limit].T
    )
    met = shared.toarray() > 0
    np.fill_diagonal(met, False)
    assert [set(row[row >= 0]) for row in some] == [set(np.flatnonzero(row)) for row in met]
