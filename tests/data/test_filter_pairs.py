import numpy as np
import pytest

from xcgraph.data import DataError, read_filter_pairs, select_filter_rows, write_filter_pairs


def test_filter_pairs_round_trip(tmp_path):
    pairs = np.array([[3, 1], [0, 2], [3, 0]])
    assert write_filter_pairs(tmp_path / "f.txt", pairs) == 3
    assert (tmp_path / "f.txt").read_text() == "3 1\n0 2\n3 0\n"
    read = read_filter_pairs(tmp_path / "f.txt", 4, 3)
    assert read.dtype == np.int64
    np.testing.assert_array_equal(read, pairs)


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
