from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.metrics.first_ranks import FIRST_RANKS, gains_of_first, most_of_first, weigh


def test_gains_of_first():
    worth = np.array([[2.0, 0.0, 3.0, 0.0, 4.0, 9.0], [0.0, 5.0, 0.0, 0.0, 0.0, 9.0]])
    found = dict(zip(FIRST_RANKS, gains_of_first(worth).T, strict=True))
    expected = {"P@1": [1, 0], "P@3": [2 / 3, 1 / 3], "P@5": [3 / 5, 1 / 5]}
    expected |= {"PSP@1": [2, 0], "PSP@3": [5, 5], "PSP@5": [9, 5]}
    assert {name: values.tolist() for name, values in found.items()} == expected


@pytest.mark.parametrize("width", [0, 2])
def test_fewer_ranks(width):
    found = gains_of_first(np.full((1, width), 2.0))
    assert found.tolist() == [[min(width, k) / k for k in (1, 3, 5)] + [2.0 * min(width, k) for k in (1, 3, 5)]]


def test_the_most_that_there_could_be():
    truth = csr_matrix(np.array([[1, 0, 1, 1], [0, 0, 0, 0], [0, -1, 0, 5]]))
    weighted = weigh(truth, np.array([2.0, 3.0, 1.0, 4.0]))
    assert weighted.toarray().tolist() == [[2, 0, 1, 4], [0, 0, 0, 0], [0, 0, 0, 4]] and truth[2, 1] == -1
    assert most_of_first(weighted).tolist() == [[1, 1, 1, 4, 7, 7], [1, 1, 1, 0, 0, 0], [1, 1, 1, 4, 4, 4]]
