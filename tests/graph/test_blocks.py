import numpy as np

from xcgraph.graph.blocks import row_blocks


def test_blocks_cover_all_rows_within_the_budget():
    cost = np.array([3, 4, 0, 9, 1, 1, 1, 30])
    assert list(row_blocks(cost, 8)) == [(0, 3), (3, 4), (4, 7), (7, 8)]
    assert list(row_blocks(cost, 1000)) == [(0, 8)]
    assert list(row_blocks(np.zeros(0), 8)) == []
