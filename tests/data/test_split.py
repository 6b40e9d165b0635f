import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.data.split import split_validation


def random_y(seed, rows=200, labels=30, density=0.08):
    return csr_matrix((np.random.default_rng(seed).random((rows, labels)) < density).astype(np.float32))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("density", [0.01, 0.08])
def test_every_label_keeps_a_document(seed, density):
    y = random_y(seed, density=density)
    fit, val = split_validation(y, fraction=0.5, seed=seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([fit, val])), np.arange(200))
    assert (np.diff(fit) > 0).all() and (np.diff(val) > 0).all()
    assert len(val) > 0
    before, after = np.asarray(y.sum(0)).ravel(), np.asarray(y[fit].sum(0)).ravel()
    np.testing.assert_array_equal(before > 0, after > 0)
    assert np.diff(y[val].indptr).min() > 0


def test_split_takes_all_it_can():
    y = csr_matrix([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=np.float32)
    fit, val = split_validation(y, fraction=1.0)
    assert len(val) == 1 and val[0] in (0, 1) and {2, 3} <= set(fit.tolist())


def test_split_size_and_seed():
    y = random_y(0)
    assert len(split_validation(y, fraction=0.1)[1]) == 20
    assert len(split_validation(y, fraction=0.1, max_documents=7)[1]) == 7
    assert len(split_validation(y, fraction=0.0)[1]) == 0
    one, same, other = (split_validation(y, fraction=0.1, seed=seed)[1].tolist() for seed in (3, 3, 4))
    assert one == same != other
    with pytest.raises(ValueError, match="'fraction' must be within 0 and 1, got 2"):
        split_validation(y, fraction=2)


def test_split_leaves_out_documents_whose_labels_are_all_filtered():
    y = csr_matrix(np.array([[1, 1]] * 5 + [[1, 0]], dtype=np.float32))
    pairs = np.array([[0, 0], [0, 1], [0, 1], [1, 0], [1, 0], [5, 0], [5, 1]])
    _, val = split_validation(y, pairs, fraction=0.8)
    assert len(val) == 4
    assert not {0, 5} & set(val.tolist())


def test_split_without_any_labels():
    fit, val = split_validation(csr_matrix((3, 2), dtype=np.float32), fraction=0.5)
    assert fit.tolist() == [0, 1, 2] and val.tolist() == []
