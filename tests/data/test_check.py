import gzip

import pytest

from xcgraph.data import DataError, LFDataset, check_folder


def found(folder):
    """Problems as (file, line, severity, beginning of the message)."""
    return [(p.path.rsplit("/", 1)[-1], p.line, p.severity, p.message) for p in check_folder(folder)]


def summary(folder):
    return [(name, line, severity) for name, line, severity, _ in found(folder)]


def test_good_folders(raw, sparse):
    assert check_folder(raw("raw")) == []
    assert check_folder(sparse("sparse")) == []


def test_every_problem_of_a_raw_folder(raw):
    folder = raw(
        lbl=[
            {"uid": "a", "title": "x"},
            {"uid": "a", "title": "y"},
            {"uid": "c", "title": ""},
            "not json",
            {"uid": "e", "title": "only in test"},
        ],
        trn=b'{"uid": "d0", "title": "x", "target_ind": [0, 1]}\n'
        b'{"uid": "d1", "title": "x", "target_ind": []}\n'
        b'{"uid": "d2", "title": "x"}\n'
        b'{"uid": "d3", "title": "\xff", "target_ind": [1]}\n'
        b'{"uid": "d4", "title": "x", "target_ind": [5]}\n'
        b'{"uid": "d0", "title": "x", "target_ind": [2, 2]}\n'
        b'{"uid": "d6", "title": "", "target_ind": [3]}\n',
        tst=[{"uid": "d0", "title": "x", "target_ind": [4]}, {"uid": "t1", "title": "x", "target_ind": []}],
        filter_labels_train="6 4\n7 0\n",
        filter_labels_test="0 5\nx\n",
    )
    assert summary(folder) == [
        ("lbl.json", 2, "error"),
        ("lbl.json", 3, "warning"),
        ("lbl.json", 4, "error"),
        ("trn.json", 2, "warning"),
        ("trn.json", 3, "error"),
        ("trn.json", 4, "error"),
        ("trn.json", 5, "error"),
        ("trn.json", 6, "warning"),
        ("trn.json", 6, "warning"),
        ("trn.json", 7, "warning"),
        ("tst.json", 1, "warning"),
        ("tst.json", 2, "warning"),
        ("filter_labels_train.txt", 2, "error"),
        ("filter_labels_test.txt", 1, "error"),
        ("filter_labels_test.txt", 2, "error"),
        ("lbl.json", 5, "warning"),
    ]
    with pytest.raises(DataError) as error:
        LFDataset.load(folder)
    first = next(p for p in check_folder(folder) if p.severity == "error")
    assert (error.value.path, error.value.line, error.value.message) == (first.path, first.line, first.message)
    assert str(first) == f"{folder}/lbl.json:2: error: expected a new uid, got 'a' of line 1 again"


def test_missing_labels_do_not_make_every_document_wrong(raw):
    assert summary(raw(lbl=None, filter_labels_train="1 2\n")) == [("lbl.json.gz", None, "error")]


def test_all_missing_files_are_named(raw):
    assert summary(raw(trn=None, lbl=None)) == [("lbl.json.gz", None, "error"), ("trn.json.gz", None, "error")]


def test_zero_documents(raw):
    assert ("trn.json", None, "error") in summary(raw("one", trn=""))
    assert ("tst.json", None, "error") in summary(raw("two", tst=""))
    assert ("lbl.json", None, "error") in summary(raw("three", lbl="", trn="", tst=""))


def test_truncated_gzip(raw):
    folder = raw(trn=None)
    lines = "".join(f'{{"uid": "{i * 7919 % 1009}-{i}", "title": "x", "target_ind": [0]}}\n' for i in range(1000))
    packed = gzip.compress(lines.encode())
    (folder / "trn.json.gz").write_bytes(packed[: len(packed) // 2])
    problems = [p for p in found(folder) if p[2] == "error"]
    assert len(problems) == 1
    assert problems[0][0] == "trn.json.gz" and problems[0][3].startswith("expected more gzip data")


def test_every_problem_of_a_two_part_folder(sparse):
    folder = sparse(
        trn_X_Xf="5 4\n1:1 0:1\n0:1 4:1 5:1\n1:1 1:2\n1:x 2:y\n\n",
        trn_X_Y="5 2\n0:1\n\n0:0\n0:1 0:1\n0:1\n",
        tst_X_Xf="2 4\n1:1\n",
        tst_X_Y="2 2\n0:1\n0:1\n0:1\n",
        Yf="2 4\n0:1\n3:1\n",
        filter_labels_train="5 0\n",
    )
    assert sorted(summary(folder), key=str) == sorted(
        [
            ("trn_X_Xf.txt", 2, "warning"),
            ("trn_X_Xf.txt", 3, "error"),
            ("trn_X_Xf.txt", 3, "error"),
            ("trn_X_Xf.txt", 4, "error"),
            ("trn_X_Xf.txt", 5, "error"),
            ("trn_X_Xf.txt", 5, "error"),
            ("trn_X_Y.txt", 4, "warning"),
            ("trn_X_Y.txt", 5, "warning"),
            ("tst_X_Xf.txt", 3, "error"),
            ("tst_X_Y.txt", 4, "error"),
            ("tst_X_Y.txt", 1, "error"),
        ],
        key=str,
    )


def test_coverage_of_a_two_part_folder(sparse):
    folder = sparse(trn_X_Y="3 2\n0:1\n0:1\n\n", filter_labels_train="3 0\n")
    assert summary(folder) == [
        ("filter_labels_train.txt", 1, "error"),
        ("trn_X_Y.txt", 4, "warning"),
        ("Yf.txt", 3, "warning"),
    ]


@pytest.mark.parametrize("header", ["3\n", "a b\n", "3 4 5\n"])
def test_wrong_header(sparse, header):
    assert summary(sparse(trn_X_Xf=header)) == [("trn_X_Xf.txt", 1, "error")]


def test_missing_files_of_a_two_part_folder(sparse):
    assert summary(sparse(Yf=None, tst_X_Y=None)) == [("Yf.txt", None, "error"), ("tst_X_Y.txt", None, "error")]


def test_joint_folder(tmp_path):
    (tmp_path / "train.txt").write_text("2 3 2\n0 0:1\n1,x 3:1\n")
    (tmp_path / "test.txt").write_text("1 3 2\n0 0:1\n")
    (tmp_path / "Yf.txt").write_text("2 3\n0:1\n1:1\n")
    errors = [(p.path.rsplit("/", 1)[-1], p.line) for p in check_folder(tmp_path) if p.severity == "error"]
    assert errors == [("train.txt", 3), ("train.txt", 3)]


def test_nothing_known(tmp_path):
    (problem,) = check_folder(tmp_path)
    assert problem.severity == "error" and problem.line is None and "trn.json.gz" in problem.message
