import gzip
import logging

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.data import DataError, read_sparse_text, write_sparse_text


def read(tmp_path, text, **kwargs):
    path = tmp_path / "x.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sparse_text(path, **kwargs)


def test_read_sparse_text(tmp_path):
    x = read(tmp_path, "4 5\n0:1 4:.25\n\nqid:3 1:1.00000  2:-2e-1 # note 3:4\r\n\t3:007")
    assert x.dtype == np.float32 and x.has_sorted_indices
    expected = [[1, 0, 0, 0, 0.25], [0] * 5, [0, 1, -0.2, 0, 0], [0, 0, 0, 7, 0]]
    np.testing.assert_array_equal(x.toarray(), np.array(expected, dtype=np.float32))


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("block", [1, 7, 64, 1 << 22])
def test_round_trip_in_any_blocks(tmp_path, monkeypatch, suffix, block):
    monkeypatch.setattr("xcgraph.data.sparse_text._BLOCK", block)
    rng = np.random.default_rng(0)
    x = csr_matrix(rng.random((40, 9), dtype=np.float32) * (rng.random((40, 9)) < 0.3))
    x.data[::5] *= np.float32(1e-7)
    path = tmp_path / f"x.txt{suffix}"
    write_sparse_text(path, x)
    y = read_sparse_text(path)
    assert (x != y).nnz == 0 and x.nnz == y.nnz
    first = path.read_bytes()
    write_sparse_text(path, x)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "expected the header 'rows cols', 2 whole numbers, got ''"),
        ("2\n", 1, "expected the header 'rows cols', 2 whole numbers, got '2'"),
        ("2 x\n", 1, "expected the header"),
        ("2 3 4\n", 1, "expected the header"),
        ("-2 3\n", 1, "expected the header"),
        ("0:1 2:1\n", 1, "expected the header"),
        ("3 5\n0:1\n0:1\n", 4, "expected 3 rows as the header says, got 2"),
        ("1 5\n0:1\n2:1\n", 3, "expected 1 rows as the header says, got more"),
        ("1 5\n0:1\n\n2:1", 3, "expected 1 rows as the header says, got more"),
        ("2 5\n0:1\n1:1 5:2\n", 3, "expected a column that is a whole number below 5, got 5"),
        ("2 5\n0:1\n-1:1\n", 3, "expected a column that is a whole number below 5, got -1"),
        ("2 5\n0:1\n1.5:1\n", 3, "expected a column that is a whole number below 5, got 1.5"),
        ("2 5\n0:1\n1:x\n", 3, "expected 'column:value', two numbers, got '1:x'"),
        ("2 5\n0:1\n1:nan\n", 3, "expected 'column:value', two numbers, got '1:nan'"),
        ("2 5\n0:1\n1:1e39\n", 3, "expected 'column:value', two numbers, got '1:1e39'"),
        ("2 5\n0:1\n1:1_0\n", 3, "expected 'column:value', two numbers, got '1:1_0'"),
        ("2 5\n0:1\n1\n", 3, "expected 'column:value', two numbers, got '1'"),
        ("2 5\n0:1\n1:2:3 4\n", 3, "expected 'column:value', two numbers, got '1:2:3'"),
        ("2 5\n0:1\n1: 2:3\n", 3, "expected 'column:value', two numbers, got '1:'"),
        ("2 5\n0:1\n1:1..2\n", 3, "expected 'column:value', two numbers, got '1:1..2'"),
        ("2 5\n0:1\n1:.\n", 3, "expected 'column:value', two numbers, got '1:.'"),
        ("2 5\n0:1\n1-2:3\n", 3, "expected 'column:value', two numbers, got '1-2:3'"),
        (b"2 5\n0:1\n\xe9:1\n", 3, "expected 'column:value', two numbers, got"),
        ("2 5\n0:1\n1:1 1:2\n", 3, "expected each column once in a row, got 1 again"),
        ("2 5\n0:1\n1:1 0:3 1:2\n", 3, "expected each column once in a row, got 1 again"),
    ],
)
def test_read_sparse_text_bad(tmp_path, text, line, message):
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path / 'x.txt'}:{line}: {message}")


def test_read_sparse_text_missing_or_truncated(tmp_path):
    with pytest.raises(DataError, match=r"x\.txt: file is missing"):
        read_sparse_text(tmp_path / "x.txt")
    packed = gzip.compress(b"900 2000\n" + b"".join(b"%d:1\n" % (i * 7919 % 2000) for i in range(900)))
    (tmp_path / "x.txt").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match="expected more gzip data"):
        read_sparse_text(tmp_path / "x.txt")


def test_read_sparse_text_sorts_features(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        x = read(tmp_path, "3 5\n3:1 1:2\n1:1\n4:1 0:5 2:3\n")
    np.testing.assert_array_equal(x.toarray(), [[0, 2, 0, 1, 0], [0, 1, 0, 0, 0], [5, 0, 3, 0, 1]])
    assert x.has_canonical_format
    assert caplog.messages == ["x.txt: 2 unsorted rows are sorted (first: line 2)"]


def test_read_sparse_text_label_file(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        y = read(tmp_path, "4 3\n2:1 0:1 2:1\n1:0\n\n1:2.5\n", labels=True)
    np.testing.assert_array_equal(y.toarray(), [[1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 1, 0]])
    assert sorted(caplog.messages) == [
        "x.txt: 1 documents that name a label twice, counted once (first: line 2)",
        "x.txt: 1 documents with labels of relevance zero or less, which are left out (first: line 3)",
    ]


def test_read_sparse_text_blank_lines_after_the_rows(tmp_path):
    assert read(tmp_path, "1 5\n0:1\n\n \n").shape == (1, 5)
    assert read(tmp_path, "0 5\n").shape == (0, 5)
    assert read(tmp_path, "2 0\n\n\n").shape == (2, 0)
