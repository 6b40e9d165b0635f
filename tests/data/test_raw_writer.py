import gzip

import numpy as np
import pytest

from xcgraph.data import Document, Label, read_documents, read_filter_pairs, read_labels, write_raw_folder

LABELS = [Label("a", "Größe"), Label("b", "two\nlines", "and content")]
TRAIN = [Document("d0", "title", "content", [1, 0], [1.0, 0.5]), Document("d1", "", "", [])]
TEST = [Document("t0", "x", "", np.array([1]))]


def write(out, **kwargs):
    return write_raw_folder(out, iter(TRAIN), iter(TEST), iter(LABELS), filter_train=[(0, 1)], **kwargs)


def test_write_raw_folder_round_trip(tmp_path):
    counts = write(tmp_path / "out")
    assert counts == {"labels": 2, "train": 2, "test": 1, "filter_train": 1}
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["filter_labels_train.txt", "lbl.json.gz", "trn.json.gz", "tst.json.gz"]
    assert list(read_labels(tmp_path / "out" / "lbl.json.gz")) == LABELS
    assert list(read_documents(tmp_path / "out" / "trn.json.gz", 2)) == TRAIN
    assert list(read_documents(tmp_path / "out" / "tst.json.gz", 2)) == [Document("t0", "x", "", [1])]
    pairs = read_filter_pairs(tmp_path / "out" / "filter_labels_train.txt", 2, 2)
    assert pairs.tolist() == [[0, 1]]


def test_write_raw_folder_same_bytes(tmp_path):
    write(tmp_path / "one")
    write(tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    packed = (tmp_path / "one" / "trn.json.gz").read_bytes()
    assert packed[3] == 0 and packed[4:8] == bytes(4)  # neither file name nor time
    assert gzip.decompress(packed).startswith(b'{"uid": "d0", "title": "title", "content": "content", ')


def test_write_raw_folder_streams_in_the_documented_order(tmp_path):
    seen = []

    def stream(name, items):
        seen.append(name)
        yield from items

    parts = {"train": TRAIN, "test": TEST, "labels": LABELS, "filter_train": [], "filter_test": []}
    write_raw_folder(tmp_path / "out", **{name: stream(name, items) for name, items in parts.items()})
    assert seen == ["labels", "train", "test", "filter_train", "filter_test"]
    assert (tmp_path / "out" / "filter_labels_test.txt").read_bytes() == b""


def test_write_raw_folder_failure_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="document 'd': expected labels below 2"):
        write_raw_folder(tmp_path / "out", [Document("d", "", "", [2])], TEST, LABELS)
    assert list(tmp_path.iterdir()) == []


def test_write_raw_folder_overwrites_only_when_asked(tmp_path):
    write(tmp_path / "out")
    (tmp_path / "out" / "trn.json").write_text("stale")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        write(tmp_path / "out")
    write_raw_folder(tmp_path / "out", TRAIN, TEST, LABELS, overwrite=True)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["lbl.json.gz", "notes.txt", "trn.json.gz", "tst.json.gz"]
