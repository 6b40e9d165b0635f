import numpy as np
import pytest

from xcgraph.data import LFDataset, write_xmlrepo_folder


@pytest.mark.parametrize("layout", ["two-part", "joint"])
def test_round_trip(raw, tmp_path, layout):
    data = LFDataset.load(raw(filter_labels_train="0 1\n2 0\n"))
    write_xmlrepo_folder(tmp_path / "out", data, layout)
    read = LFDataset.load(tmp_path / "out", name="set")
    for name in ("train_x", "test_x", "label_x"):
        np.testing.assert_allclose(getattr(read, name).toarray(), getattr(data, name).toarray(), rtol=1e-6)
    for name in ("train_y", "test_y"):
        assert (getattr(read, name) != getattr(data, name)).nnz == 0
    for name in ("train_filter", "test_filter", "label_uids", "label_titles"):
        assert np.array_equal(getattr(read, name), getattr(data, name))
    write_xmlrepo_folder(tmp_path / "again", data, layout)
    for path in (tmp_path / "out").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_layouts_replace_each_other(raw, tmp_path):
    data = LFDataset.load(raw())
    write_xmlrepo_folder(tmp_path / "out", data)
    with pytest.raises(FileExistsError):
        write_xmlrepo_folder(tmp_path / "out", data, "joint")
    write_xmlrepo_folder(tmp_path / "out", data, "joint", overwrite=True)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["Yf.txt", "lbl.json.gz", "test.txt", "train.txt"]
    with pytest.raises(ValueError, match="'layout' must be"):
        write_xmlrepo_folder(tmp_path / "other", data, "three-part")
