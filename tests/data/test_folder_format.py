import pytest

from xcgraph.data import DataError, folder_format


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["trn.json.gz", "tst.json.gz", "lbl.json.gz"], "raw"),
        (["trn.json"], "raw"),
        (["trn_X_Xf.txt", "trn_X_Y.txt", "tst_X_Xf.txt", "tst_X_Y.txt", "Yf.txt", "lbl.json.gz"], "xmlrepo"),
        (["trn_X_Xf.txt", "trn_X_Y.txt", "tst_X_Xf.txt", "tst_X_Y.txt", "Yf.txt", "trn.json.gz"], "xmlrepo"),
        (["train.txt", "test.txt", "lbl_X_Xf.txt"], "joint"),
        (["train.txt"], "joint"),
    ],
)
def test_folder_format(tmp_path, files, expected):
    for name in files:
        (tmp_path / name).touch()
    assert folder_format(tmp_path) == expected


def test_folder_format_prefers_raw_of_two_complete_sets(tmp_path):
    for name in ["trn.json", "tst.json", "lbl.json.gz", "train.txt", "test.txt", "Yf.txt"]:
        (tmp_path / name).touch()
    assert folder_format(tmp_path) == "raw"


def test_folder_format_of_nothing_known(tmp_path):
    (tmp_path / "lbl.json.gz").touch()
    with pytest.raises(DataError, match=r"expected trn\.json\.gz.*trn_X_Xf\.txt.*train\.txt.*got none of them"):
        folder_format(tmp_path)
    with pytest.raises(DataError, match="expected a data folder, got nothing there"):
        folder_format(tmp_path / "absent")
    with pytest.raises(DataError, match="expected a data folder, got a file"):
        folder_format(tmp_path / "lbl.json.gz")
