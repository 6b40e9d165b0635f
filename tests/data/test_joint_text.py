import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.data import DataError, read_joint_text, write_joint_text


def test_read_joint_text(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("5 3 4\n2,0 0:1 2:.5\n 1:2\n3\n0:1\n\n")
    x, y = read_joint_text(path)
    np.testing.assert_array_equal(x.toarray(), [[1, 0, 0.5], [0, 2, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(y.toarray(), [[1, 0, 1, 0], [0] * 4, [0, 0, 0, 1], [0] * 4, [0] * 4])
    assert x.dtype == y.dtype == np.float32


def test_joint_round_trip(tmp_path):
    rng = np.random.default_rng(0)
    x = csr_matrix(rng.random((30, 6), dtype=np.float32) * (rng.random((30, 6)) < 0.3))
    y = csr_matrix((rng.random((30, 4)) < 0.3).astype(np.float32))
    write_joint_text(tmp_path / "train.txt", x, y)
    x2, y2 = read_joint_text(tmp_path / "train.txt")
    assert (x != x2).nnz == 0 and (y != y2).nnz == 0
    assert np.diff(y.indptr).min() == 0  # a document without labels was among them


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("2 3\n", 1, "expected the header 'documents features labels', 3 whole numbers, got '2 3'"),
        ("1 3 4\n0,x 0:1\n", 2, "expected labels 'l1,l2,...' before the first blank, got '0,x'"),
        ("1 3 4\n0, 0:1\n", 2, "expected labels 'l1,l2,...' before the first blank, got '0,'"),
        ("2 3 4\n0 0:1\n4 0:1\n", 3, "expected a column that is a whole number below 4, got 4"),
        ("2 3 4\n0 0:1\n1 3:1\n", 3, "expected a column that is a whole number below 3, got 3"),
        ("2 3 4\n0 0:1\n1 1:a\n", 3, "expected 'column:value', two numbers, got '1:a'"),
        ("2 3 4\n0 0:1\n", 3, "expected 2 rows as the header says, got 1"),
    ],
)
def test_read_joint_text_bad(tmp_path, text, line, message):
    path = tmp_path / "train.txt"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        read_joint_text(path)
    assert str(error.value).startswith(f"{path}:{line}: {message}")


def test_read_joint_text_missing(tmp_path):
    with pytest.raises(DataError, match="file is missing"):
        read_joint_text(tmp_path / "train.txt")
