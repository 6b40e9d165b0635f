import numpy as np
import pytest
from scipy.sparse import csr_matrix, identity

import xcgraph.graph.expected_walk as module
from xcgraph.graph import ExpectedWalk


def _dense(walk):
    count = np.zeros((walk.y.shape[1],) * 2)
    for target, source, weight in walk.blocks():
        count[target, source] = weight
    return count


@pytest.mark.parametrize(("restart", "length"), [(0.8, 400), (0.5, 7), (1.0, 10), (0.0, 4), (0.8, 1)])
def test_against_the_dense_chain(make_y, visit_share, restart, length):
    y = make_y()
    count = _dense(ExpectedWalk(y, restart, length, tolerance=0.0))
    np.testing.assert_allclose(count, length * visit_share(y, restart, length), rtol=1e-5, atol=1e-6)


def test_hop_weights_sum_to_one():
    walk = ExpectedWalk(identity(2, format="csr"), 0.3, 25)
    assert sum(walk.hop_weight(hop) for hop in range(25)) == pytest.approx(1.0)


def test_tolerance_drops_little(make_y, visit_share):
    y = make_y(num_docs=300, num_labels=100)
    exact = 400 * visit_share(y, 0.8, 400)
    found = _dense(ExpectedWalk(y, 0.8, 400, tolerance=1e-4))
    assert (found <= exact + 1e-4).all()
    assert 1e-3 < np.abs(found - exact).max() < 0.5  # of 400 steps


def test_blocks_do_not_change_the_outcome(make_y, monkeypatch):
    walk = ExpectedWalk(make_y())
    whole = _dense(walk)
    monkeypatch.setattr(module, "_BLOCK_LABELS", 3)
    assert len(list(walk.blocks())) > 3
    np.testing.assert_array_equal(_dense(walk), whole)


def test_threads_do_not_change_the_outcome(make_y, monkeypatch):
    walk = ExpectedWalk(make_y())
    whole = _dense(walk)
    monkeypatch.setattr(module, "_BLOCK_LABELS", 3)
    monkeypatch.setattr(module.torch, "get_num_threads", lambda: 3)
    np.testing.assert_array_equal(_dense(walk), whole)


def test_long_rows_outgrow_the_first_buffer():
    everywhere = csr_matrix(np.ones((2, 1500), dtype=np.float32))
    count = _dense(ExpectedWalk(everywhere, length=10, tolerance=0.0))
    np.testing.assert_allclose(count, 10 / 1500, rtol=1e-5)


def test_cheaper_where_documents_have_few_labels():
    assert ExpectedWalk(identity(1000, format="csr", dtype=np.float32)).is_cheaper_than_walks()
    crowded = csr_matrix(np.ones((400, 500), dtype=np.float32))
    assert not ExpectedWalk(crowded, length=40).is_cheaper_than_walks()
