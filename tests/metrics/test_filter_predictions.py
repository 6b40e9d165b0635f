from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.metrics import filter_matrix, filter_predictions


def test_filtered_labels_leave_and_the_rest_moves_up():
    index = np.array([[5, 3, 1], [5, 3, -1], [0, 1, 2]])
    score = np.array([[0.9, 0.5, 0.1], [0.8, 0.4, -np.inf], [3.0, 2.0, 1.0]])
    pairs = np.array([[0, 3], [1, 5], [1, 3], [2, 5], [0, 99]])
    got, got_score = filter_predictions(index, score, pairs)
    assert got.tolist() == [[5, 1, -1], [-1, -1, -1], [0, 1, 2]]
    assert got_score.tolist() == [[0.9, 0.1, -np.inf], [-np.inf] * 3, [3.0, 2.0, 1.0]]
    assert index[0].tolist() == [5, 3, 1] and score[0, 1] == 0.5


@pytest.mark.parametrize("pairs", [None, np.empty((0, 2), int), np.array([])])
def test_nothing_to_filter(pairs):
    index = np.array([[1, 0]])
    got, score = filter_predictions(index, None, pairs)
    assert got.tolist() == [[1, 0]] and score is None


def test_matrix_keeps_other_explicit_zeros():
    matrix = csr_matrix((np.array([0.0, 1.0, 2.0]), ([0, 0, 1], [0, 2, 1])), shape=(3, 3))
    got = filter_matrix(matrix, np.array([[0, 2], [2, 0], [1, 0]]))
    assert got.nnz == 2 and got.indices.tolist() == [0, 1] and got.indptr.tolist() == [0, 1, 2, 2]
    assert matrix.nnz == 3


@pytest.mark.parametrize(
    "pairs", [np.array([[0, 1, 2]]), np.array([[0.0, 1.0]]), np.array([[2, 0]]), np.array([[-1, 0]])]
)
def test_bad_pairs_are_refused(pairs):
    with pytest.raises(ValueError, match="'filter_pairs' must"):
        filter_predictions(np.zeros((2, 2), int), None, pairs)
