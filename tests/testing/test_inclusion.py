from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from xcgraph.testing import inclusion_probabilities


@pytest.mark.parametrize("weight", [[1.0, 2.0], [1.0, 1.0, 1.0, 5.0], [0.1, 3.0, 0.5, 2.0, 10.0]])
def test_equals_enumeration(weight):
    d = len(weight)
    for k in range(1, d + 1):
        expected = np.zeros(d)
        for order in permutations(range(d), k):
            probability, left = 1.0, sum(weight)
            for item in order:
                probability *= weight[item] / left
                left -= weight[item]
            expected[list(order)] += probability
        np.testing.assert_allclose(inclusion_probabilities(np.array(weight), k), expected, atol=2e-4)


def test_equal_weights():
    np.testing.assert_allclose(inclusion_probabilities(np.full(50, 3.0), 7), 7 / 50, atol=1e-6)
