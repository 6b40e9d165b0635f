import gzip
import logging

import pytest

from xcgraph.data import DataError, LFDataset


def test_joint_equals_two_part(sparse, tmp_path):
    two = LFDataset.load(sparse())
    joint = tmp_path / "joint"
    joint.mkdir()
    (joint / "train.txt").write_text("3 4 2\n0 0:3 1:4\n1 2:1.5\n1,0 0:1 3:1\n")
    (joint / "test.txt").write_text("2 4 2\n0 1:1\n1 3:0.5\n")
    (joint / "lbl_X_Xf.txt").write_text("2 4\n0:1 1:1\n2:2\n")
    one = LFDataset.load(joint)
    for name in ("train_x", "train_y", "test_x", "test_y", "label_x"):
        assert (getattr(one, name) != getattr(two, name)).nnz == 0


def test_titles_beside(sparse):
    lines = b'{"uid": "a", "title": "x"}\n{"uid": "b", "title": "y"}\n'
    folder = sparse(Y="first\nsecond\n\n")
    data = LFDataset.load(folder)
    assert data.label_titles == ["first", "second"] and data.label_uids == ["0", "1"]
    (folder / "lbl.json.gz").write_bytes(gzip.compress(lines))
    data = LFDataset.load(folder)
    assert data.label_titles == ["x", "y"] and data.label_uids == ["a", "b"]


def test_warnings(sparse, caplog):
    folder = sparse(
        trn_X_Xf="4 4\n1:1 0:1\n\n0:1\n2:0\n",
        trn_X_Y="4 3\n0:1\n\n0:1 0:1\n0:1\n",
        tst_X_Y="2 3\n1:1\n\n",
        Yf="3 4\n0:1\n1:1\n\n",
        filter_labels_train="0 0\n1 1\n2 2\n",
    )
    with caplog.at_level(logging.WARNING):
        data = LFDataset.load(folder)
    assert data.train_uids == ["0", "2", "3"] and data.train_filter.tolist() == [[0, 0], [1, 2]]
    assert data.train_x.shape == (3, 4) and data.train_y.toarray().tolist() == [[1, 0, 0]] * 3
    assert data.train_x.nnz == 3
    assert sorted(caplog.messages) == [
        "Yf.txt: 1 labels are seen only in test (first: line 3)",
        "Yf.txt: 1 labels have no document (first: line 4)",
        "Yf.txt: 1 labels without features (first: line 4)",
        "trn_X_Xf.txt: 1 unsorted rows are sorted (first: line 2)",
        "trn_X_Xf.txt: 2 documents without features (first: line 3)",
        "trn_X_Y.txt: 1 documents that name a label twice, counted once (first: line 4)",
        "trn_X_Y.txt: 1 documents without labels are left out (first: line 3)",
        "tst_X_Y.txt: 1 test documents without labels count as rows of the metrics (first: line 3)",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"Yf": None}, "Yf.txt: file is missing"),
        ({"tst_X_Y": None}, "tst_X_Y.txt: file is missing"),
        ({"trn_X_Y": "2 2\n0:1\n1:1\n"}, "trn_X_Y.txt:1: expected 3 rows as in trn_X_Xf.txt, got 2"),
        ({"trn_X_Y": "3 9\n0:1\n1:1\n1:1\n"}, "trn_X_Y.txt:1: expected 2 labels as in Yf.txt, got 9"),
        ({"tst_X_Xf": "2 5\n1:1\n3:1\n"}, "tst_X_Xf.txt:1: expected 4 features as in Yf.txt, got 5"),
        ({"tst_X_Xf": "2 4\n1:1\n4:1\n"}, "tst_X_Xf.txt:3: expected a column that is a whole number below 4"),
        ({"trn_X_Xf": "0 4\n", "trn_X_Y": "0 2\n"}, "trn_X_Y.txt: expected at least one document with labels"),
        ({"filter_labels_test": "2 0\n"}, "filter_labels_test.txt:1: expected a document below 2, got 2"),
        ({"Y": "only one\n"}, "Y.txt: expected 2 labels as in the label features, got 1"),
    ],
)
def test_errors(sparse, files, message):
    folder = sparse(**files)
    with pytest.raises(DataError) as error:
        LFDataset.load(folder)
    assert str(error.value).startswith(f"{folder}/{message}")
