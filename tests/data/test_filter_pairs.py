import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.data import (
    DataError,
    mirrored_pairs,
    most_pairs,
    no_pairs,
    own_pairs,
    pairs_matrix,
    read_filter_pairs,
    related_pairs,
    select_filter_rows,
    write_filter_pairs,
)


def test_filter_pairs_round_trip(tmp_path):
    pairs = np.array([[3, 1], [0, 2], [3, 0]])
    assert write_filter_pairs(tmp_path / "f.txt", pairs) == 3
    assert (tmp_path / "f.txt").read_text() == "3 1\n0 2\n3 0\n"
    read = read_filter_pairs(tmp_path / "f.txt", 4, 3)
    assert read.dtype == np.int64
    np.testing.assert_array_equal(read, pairs)


def test_most_pairs_of_a_document():
    assert most_pairs(np.array([[3, 1], [0, 2], [3, 0]])) == 2
    assert most_pairs(no_pairs()) == 0


def test_read_filter_pairs_absent_or_empty(tmp_path):
    assert read_filter_pairs(tmp_path / "f.txt", 4, 3).shape == (0, 2)
    (tmp_path / "f.txt").write_text("\n\n")
    assert read_filter_pairs(tmp_path / "f.txt", 4, 3).shape == (0, 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 x", "expected 'document label', two whole numbers, got '1 x'"),
        ("1", "expected 'document label'"),
        ("1 2 3", "expected 'document label'"),
        ("1.0 2", "expected 'document label'"),
        ("4 0", "expected a document below 4, got 4"),
        ("-1 0", "expected a document below 4, got -1"),
        ("0 3", "expected a label below 3, got 3"),
    ],
)
def test_read_filter_pairs_bad_line(tmp_path, line, message):
    path = tmp_path / "f.txt"
    path.write_text(f"0 0\n{line}\n")
    with pytest.raises(DataError) as error:
        read_filter_pairs(path, 4, 3)
    assert str(error.value).startswith(f"{path}:2: {message}")


def test_select_filter_rows():
    pairs = np.array([[0, 5], [2, 6], [1, 7], [2, 8]])
    np.testing.assert_array_equal(select_filter_rows(pairs, np.array([2, 0])), [[1, 5], [0, 6], [0, 8]])
    assert select_filter_rows(pairs, np.array([3])).shape == (0, 2)
    assert select_filter_rows(pairs, np.array([], dtype=int)).shape == (0, 2)


def test_pairs_matrix():
    matrix = pairs_matrix(np.array([[2, 0], [0, 3], [2, 0], [2, 1]]), (3, 4))
    np.testing.assert_array_equal(matrix.toarray(), [[0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 0, 0]])
    assert matrix.nnz == 3 and matrix.dtype == np.float32
    assert pairs_matrix(no_pairs(), (3, 4)).nnz == 0


def test_mirrored_pairs():
    # Known: a has labels b, c; b has a; x (no label) has b. Held out: c, b again, and y (no label).
    y = csr_matrix(np.array([[0, 1, 1], [1, 0, 0], [0, 1, 0]], dtype=np.float32))
    pairs = mirrored_pairs(y, ["a", "b", "x"], ["y", "c", "b"], ["a", "b", "c"])
    # (b, a) for a has b; (c, a) for a has c. Of a, no longer held out, and x, no label, nothing follows.
    assert pairs.tolist() == [[1, 0], [2, 0]] and pairs.dtype == np.int64


def test_mirrored_pairs_equal_a_loop():
    rng = np.random.default_rng(0)
    items = [f"i{number}" for number in range(40)]
    uids, other_uids, label_uids = (list(rng.permutation(items)[:size]) for size in (25, 12, 30))
    uids += uids[:3]  # two documents of one name
    y = csr_matrix((rng.random((28, 30)) < 0.2).astype(np.float32))
    expected = set()
    for row, label in zip(*y.nonzero(), strict=True):
        for other, uid in enumerate(other_uids):
            if label_uids[label] == uid and uids[row] in label_uids:
                expected.add((other, label_uids.index(uids[row])))
    pairs = mirrored_pairs(y, uids, other_uids, label_uids)
    assert len(expected) > 10 and pairs.tolist() == sorted(map(list, expected))


def test_no_mirrored_pairs():
    y = csr_matrix(np.ones((2, 2), dtype=np.float32))
    for other in ([], ["z"]):
        assert mirrored_pairs(y, ["a", "b"], other, ["a", "b"]).shape == (0, 2)
    assert mirrored_pairs(csr_matrix((2, 2)), ["a", "b"], ["a"], ["a", "b"]).shape == (0, 2)


def test_own_pairs():
    assert own_pairs(["x", "b", "a", "b"], ["a", "b"]).tolist() == [[1, 1], [2, 0], [3, 1]]
    assert own_pairs(["x"], ["a"]).shape == own_pairs([], []).shape == (0, 2)


def test_related_pairs():
    # Training: a has b and c; b has itself. Held out: c, and b again, which a names and which it is.
    y = csr_matrix(np.array([[0, 1, 1], [0, 1, 0]], dtype=np.float32))
    train, test = related_pairs(y, ["a", "b"], ["c", "b", "y"], ["a", "b", "c"])
    assert train.tolist() == [[0, 0], [1, 1]]
    assert test.tolist() == [[0, 0], [0, 2], [1, 0], [1, 1]]
    train, test = related_pairs(y, ["p", "q"], ["r"], ["a", "b", "c"])
    assert train.shape == test.shape == (0, 2)
