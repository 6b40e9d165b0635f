from __future__ import annotations

import metrics_oracle as oracle
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from xcgraph.metrics import top_k


def expected_top_k(rows, k):
    """From label -> score dicts: padded index and score lists."""
    ranked = [oracle.rank(row)[:k] for row in rows]
    index = [r + [-1] * (k - len(r)) for r in ranked]
    score = [[rows[i][m] for m in r] + [-np.inf] * (k - len(r)) for i, r in enumerate(ranked)]
    return index, score


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_dense_and_sparse_agree_with_sorting(data):
    num_rows, num_labels = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 9))
    values = st.sampled_from([-np.inf, -2.0, -1.0, 0.0, 1.0])
    dense = np.array(data.draw(st.lists(values, min_size=num_rows * num_labels, max_size=num_rows * num_labels)))
    dense = dense.reshape(num_rows, num_labels).astype(np.float32)
    k = data.draw(st.integers(1, num_labels + 2))
    rows = [{m: float(s) for m, s in enumerate(row) if s > -np.inf} for row in dense]

    index, score = expected_top_k(rows, min(k, num_labels))
    got = top_k(dense, k)
    assert got[0].tolist() == index and got[1].tolist() == score
    got = top_k(torch.from_numpy(dense), k)
    assert isinstance(got[0], torch.Tensor) and got[0].tolist() == index and got[1].tolist() == score

    width = min(k, max(len(row) for row in rows))
    index, score = expected_top_k(rows, width)
    row, col = (dense > -np.inf).nonzero()
    sparse = csr_matrix((dense[row, col], (row, col)), shape=dense.shape)  # keeps explicit zeros
    got = top_k(sparse, k)
    assert got[0].tolist() == index and got[1].tolist() == score


def test_sparse_blocks_do_not_change_the_result():
    from xcgraph.metrics.top_k import _sparse_top_k

    rng = np.random.default_rng(0)
    dense = rng.integers(0, 4, (30, 20)).astype(np.float32)
    dense[7] = 0
    matrix = csr_matrix(dense)
    whole = _sparse_top_k(matrix, 5)
    for block in (1, 13, 40):
        parts = _sparse_top_k(matrix, 5, block=block)
        assert np.array_equal(whole[0], parts[0]) and np.array_equal(whole[1], parts[1])
    assert (whole[0][7] == -1).all()


def test_unsorted_columns_tie_by_label_id():
    matrix = csr_matrix((np.ones(3, np.float32), np.array([2, 0, 1]), np.array([0, 3])), shape=(1, 3))
    assert top_k(matrix, 2)[0].tolist() == [[0, 1]]


def test_bad_scores_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        top_k(np.array([[0.0, np.nan, 2.0, 3.0]]), 1)
    with pytest.raises(ValueError, match="NaN"):
        top_k(csr_matrix(np.array([[np.nan]])), 1)
    with pytest.raises(ValueError, match="positive"):
        top_k(np.zeros((1, 1)), 0)
    with pytest.raises(ValueError, match="shape"):
        top_k(torch.zeros(3), 1)


def test_empty_shapes():
    assert top_k(torch.zeros(0, 4), 2)[0].shape == (0, 2)
    assert top_k(torch.zeros(2, 0), 2)[0].shape == (2, 0)
    assert top_k(csr_matrix((3, 4)), 2)[0].shape == (3, 0)
