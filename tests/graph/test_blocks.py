import time

import numpy as np
import pytest

from xcgraph.graph.blocks import in_threads, row_blocks


def test_blocks_cover_all_rows_within_the_budget():
    cost = np.array([3, 4, 0, 9, 1, 1, 1, 30])
    assert list(row_blocks(cost, 8)) == [(0, 3), (3, 4), (4, 7), (7, 8)]
    assert list(row_blocks(cost, 1000)) == [(0, 8)]
    assert list(row_blocks(np.zeros(0), 8)) == []


def test_in_threads_keeps_order_and_does_not_run_ahead():
    started = []

    def slow_first(item):
        started.append(item)
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    results = in_threads(slow_first, range(100), 3)
    assert next(results) == 0
    time.sleep(0.05)
    assert max(started) <= 7
    assert list(results) == [item * item for item in range(1, 100)]


def test_in_threads_passes_on_errors():
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda item: 1 // item, [1, 0, 2], 2))
