from __future__ import annotations

import numpy as np
import pytest

from xcgraph.metrics import inverse_propensity


def test_published_check_values():
    # LF-AmazonTitles-131K: N = 294,805, A = 0.6, B = 2.6
    q = inverse_propensity(np.array([1, 5, 100]), 294_805, a=0.6, b=2.6)
    assert q == pytest.approx([12.6, 8.4, 2.6], abs=0.06)


@pytest.mark.parametrize(("a", "b"), [(0.55, 1.5), (0.6, 2.6), (0.5, 0.4)])
def test_a_label_with_one_document_weighs_the_logarithm_of_n(a, b):
    assert inverse_propensity(np.array([1]), 1000, a, b)[0] == pytest.approx(np.log(1000))


def test_rarer_labels_weigh_more_and_none_less_than_one():
    q = inverse_propensity(np.arange(50), 5000)
    assert (np.diff(q) < 0).all() and q.min() > 1
    assert inverse_propensity(np.array([0, 1]), 1).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("frequency", "num"), [([1], 0), ([-1], 5), ([6], 5)])
def test_impossible_counts_are_refused(frequency, num):
    with pytest.raises(ValueError):
        inverse_propensity(np.array(frequency), num)
