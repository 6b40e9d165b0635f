import numpy as np
import pytest
from scipy.sparse import csr_matrix, lil_matrix

from xcgraph.data.split import near_duplicate_groups, split_validation


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


def test_groups_stay_together():
    y, groups = random_y(3), np.arange(200) // 4
    fit, val = split_validation(y, fraction=0.4, seed=1, groups=groups)
    assert len(val) > 0
    assert not set(groups[fit]) & set(groups[val])
    assert (np.asarray(y[fit].sum(0)).ravel() > 0).all()


def test_a_group_that_would_fill_the_split_stays_in_training():
    y, groups = random_y(4), np.repeat([0, 1], [100, 100])
    assert len(split_validation(y, fraction=0.5, groups=groups)[1]) == 0


def test_groups_of_another_length():
    with pytest.raises(ValueError, match="'groups' must have 200 entries, got 3"):
        split_validation(random_y(0), groups=np.arange(3))


def unit(rows):
    rows = np.array(rows, dtype=np.float32)
    return csr_matrix(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def test_near_duplicates_are_linked_through_others():
    x = unit([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]])
    groups = near_duplicate_groups(x, threshold=0.6)
    assert groups[0] == groups[1] == groups[2] and groups[3] == groups[4]
    assert len(set(groups.tolist())) == 3


def test_common_tokens_link_nothing():
    x = unit([[1, 0], [1, 0], [1, 1], [1, 1]])
    assert len(set(near_duplicate_groups(x, 0.4, max_frequency=2).tolist())) == 3
    assert len(set(near_duplicate_groups(x, 0.4, max_frequency=4).tolist())) == 1


def test_long_chains_are_cut_by_a_higher_threshold():
    x = lil_matrix((60, 61), dtype=np.float32)
    for i in range(60):
        x[i, i], x[i, i + 1] = 0.9, 0.436  # neighbours in the chain have cosine 0.39
    assert np.bincount(near_duplicate_groups(x.tocsr(), threshold=0.3)).max() <= 20


def test_the_default_threshold_links_what_is_alike():
    cosines = (0.49, 0.51)
    x = lil_matrix((4, 6), dtype=np.float32)
    for pair, cosine in enumerate(cosines):
        x[2 * pair, 3 * pair] = 1.0
        x[2 * pair + 1, 3 * pair] = cosine
        x[2 * pair + 1, 3 * pair + 1] = (1 - cosine**2) ** 0.5
    groups = near_duplicate_groups(x.tocsr())
    assert groups[0] != groups[1] and groups[2] == groups[3]


@pytest.mark.parametrize("seed", range(5))
def test_labels_may_lose_all_their_documents(seed):
    y = random_y(seed, labels=200, density=0.008)
    fit, val = split_validation(y, fraction=0.3, seed=seed, keep_labels=False)
    usable = np.flatnonzero(np.diff(y.indptr))
    known = np.asarray(y[fit].sum(0)).ravel() > 0
    assert len(val) > 0 and (np.diff(fit) > 0).all() and (np.diff(val) > 0).all() and not set(fit) & set(val)
    assert not (known >= (np.asarray(y.sum(0)).ravel() > 0)).all()  # some label is gone
    # In neither part: documents that have no label that is left.
    gone = np.setdiff1d(np.arange(200), np.concatenate([fit, val]))
    assert len(val) + len(gone) == 60 and len(gone) > 0 and set(gone) <= set(usable)
    assert (y[val][:, known].sum(1) > 0).all() and y[gone][:, known].nnz == 0


def test_rare_labels_are_chosen_as_often_as_others():
    # Half of the documents have a label of their own: such a split shows them, where labels are not kept.
    dense = np.zeros((100, 51), dtype=np.float32)
    dense[:, 50] = 1.0
    dense[np.arange(50), np.arange(50)] = 1.0
    y = csr_matrix(dense)
    _, kept = split_validation(y, fraction=0.4, seed=1)
    _, val = split_validation(y, fraction=0.4, seed=1, keep_labels=False)
    assert kept.min() >= 50 and len(val) == 40 and 12 <= (val < 50).sum() <= 28


def test_documents_with_filtered_pairs_alone_beside_lost_labels():
    # Label 0 is lost with the document that is chosen, and its label 1 is filtered.
    y = csr_matrix(np.array([[1, 1], [0, 1], [0, 1]], dtype=np.float32))
    pairs = np.array([[0, 1], [1, 1], [2, 1]])
    fit, val = split_validation(y, pairs, fraction=1.0, keep_labels=False)
    assert fit.tolist() == [1, 2] and val.tolist() == []
    assert split_validation(y, pairs[:0], fraction=0.34, keep_labels=False)[1].size == 1


def test_groups_are_whole_where_labels_may_go():
    y, groups = random_y(3), np.arange(200) // 4
    fit, val = split_validation(y, fraction=0.4, seed=1, groups=groups, keep_labels=False)
    assert len(val) == 80 and not set(groups[fit]) & set(groups[val])
