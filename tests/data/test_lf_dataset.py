import gzip
import logging

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.data import DataError, LFDataset, Vectorizer, raw_reader, word_counts


def matrix(rows):
    return csr_matrix(np.array(rows, dtype=np.float32))


def test_load_raw(raw):
    data = LFDataset.load(raw(filter_labels_test="1 2\n"))
    assert repr(data) == f"LFDataset('set', train=3, test=2, labels=3, features={data.num_features})"
    np.testing.assert_array_equal(data.train_y.toarray(), [[1, 0, 0], [1, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(data.test_y.toarray(), [[0, 1, 0], [1, 0, 1]])
    assert data.train_y.dtype == np.float32 and data.train_y.has_sorted_indices
    assert data.label_uids == ["tmux", "vim", "nm"]
    assert data.label_titles == ["terminal multiplexer", "text editor", "network-manager"]
    assert data.train_uids == ["screen", "emacs", "wicd"] and data.test_uids == ["nano", "byobu"]
    assert data.test_filter.tolist() == [[1, 2]] and data.train_filter.shape == (0, 2)
    assert data.propensity == (0.55, 1.5)
    # All text of labels and training documents, none of the test documents'.
    assert {"old", "modal", "rival", "networkmanager"} <= set(data.vectorizer.vocabulary)
    assert not {"small", "profiles"} & set(data.vectorizer.vocabulary)
    for x, texts in (
        (data.label_x, ["terminal multiplexer", "text editor modal editing", "network-manager"]),
        (data.train_x, ["multiplexer old one", "editor for text", "NetworkManager rival"]),
        (data.test_x, ["small editor", "terminal profiles for screen"]),
    ):
        assert (x != data.vectorizer.transform(texts)).nnz == 0


def test_load_raw_titles_only(raw):
    data = LFDataset.load(raw(), text="title")
    assert not {"old", "modal"} & set(data.vectorizer.vocabulary)
    assert (data.label_x != data.vectorizer.transform(data.label_titles)).nnz == 0
    with pytest.raises(ValueError, match="'text' must be 'all' or 'title'"):
        LFDataset.load("anywhere", text="titles")


def test_load_with_a_fitted_vectorizer(raw):
    fitted = Vectorizer().fit(["editor of text"])
    data = LFDataset.load(raw(), vectorizer=fitted)
    assert data.vectorizer is fitted and data.num_features == 3
    assert data.label_x.nnz == 2 and data.train_x.nnz == 2


def test_load_vectorizer_options(raw):
    folder = raw()
    data = LFDataset.load(folder, min_df=2)
    assert "rival" not in data.vectorizer.vocabulary
    with pytest.raises(ValueError, match="either a vectorizer or its options"):
        LFDataset.load(folder, vectorizer=Vectorizer(), min_df=2)
    with pytest.raises(DataError, match=r"set: expected texts with at least one word that at least 99 texts have"):
        LFDataset.load(folder, min_df=99)


def test_load_leaves_out_training_documents_without_labels(raw, caplog):
    train = [
        {"uid": "a", "title": "one", "target_ind": []},
        {"uid": "b", "title": "two", "target_ind": [0, 1]},
        {"uid": "c", "title": "three", "target_ind": []},
        {"uid": "d", "title": "four", "target_ind": [1]},
    ]
    test = [{"uid": "t", "title": "one", "target_ind": []}, {"uid": "d", "title": "x", "target_ind": [2]}]
    pairs = "0 1\n1 2\n3 0\n3 1\n"
    with caplog.at_level(logging.WARNING):
        data = LFDataset.load(raw(trn=train, tst=test, filter_labels_train=pairs, filter_labels_test="0 1\n"))
    assert data.train_uids == ["b", "d"] and data.train_x.shape[0] == 2
    assert "three" not in data.vectorizer.vocabulary
    # Filter pairs follow their documents to the new rows.
    assert data.train_filter.tolist() == [[0, 2], [1, 0], [1, 1]]
    assert data.test_uids == ["t", "d"] and data.test_filter.tolist() == [[0, 1]]
    assert data.num_labels == 3
    assert sorted(caplog.messages) == [
        "lbl.json: 1 labels are seen only in test (first: line 3)",
        "trn.json: 2 documents without labels are left out (first: line 1)",
        "tst.json: 1 test documents are training documents too (first: line 2)",
        "tst.json: 1 test documents without labels count as rows of the metrics (first: line 1)",
    ]


def test_load_gzip_equals_plain(raw):
    plain = raw("plain")
    packed = raw("packed", trn=None, tst=None, lbl=None)
    for path in plain.iterdir():
        (packed / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    one, two = LFDataset.load(plain), LFDataset.load(packed)
    assert (one.train_x != two.train_x).nnz == 0 and one.label_uids == two.label_uids


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"trn": None}, "trn.json.gz: file is missing"),
        ({"tst": None}, "tst.json.gz: file is missing"),
        ({"lbl": None}, "lbl.json.gz: file is missing"),
        ({"trn": ""}, "trn.json: expected at least one document with labels, got none"),
        ({"tst": ""}, "tst.json: expected at least one document with labels, got none"),
        ({"lbl": ""}, "lbl.json: expected at least one label, got none"),
        (
            {"trn": [{"uid": "a", "title": "x", "target_ind": []}]},
            "trn.json: expected at least one document with labels, got 1 without labels",
        ),
        ({"tst": [{"uid": "a", "title": "x"}]}, "tst.json:1: expected 'target_ind'"),
        ({"trn": [{"uid": "a", "title": "x", "target_ind": [3]}]}, "trn.json:1: expected labels below 3"),
        ({"lbl": b"\xff\n"}, "lbl.json:1: expected UTF-8, got byte 0xff at position 1"),
        ({"filter_labels_train": "3 0\n"}, "filter_labels_train.txt:1: expected a document below 3, got 3"),
        ({"filter_labels_test": "0 0\n0 7\n"}, "filter_labels_test.txt:2: expected a label below 3, got 7"),
        ({"filter_labels_test": "0\n"}, "filter_labels_test.txt:1: expected 'document label'"),
    ],
)
def test_load_raw_errors(raw, files, message):
    folder = raw(**files)
    with pytest.raises(DataError) as error:
        LFDataset.load(folder)
    assert str(error.value).startswith(f"{folder}/{message}")
    assert "\n" not in str(error.value)


def test_load_of_nothing(tmp_path):
    with pytest.raises(DataError, match="got none of them"):
        LFDataset.load(tmp_path)


def test_load_keeps_no_texts(raw, monkeypatch):
    """Each text goes through the vectoriser before the next line is read, and each line is read once."""
    events = []
    read_objects, split = raw_reader.read_objects, word_counts.tokenize

    def reading(*args):
        for number, record in read_objects(*args):
            events.append(("read", record["uid"]))
            yield number, record

    def tokenizing(text):
        events.append(("tokenize", text))
        return split(text)

    monkeypatch.setattr(raw_reader, "read_objects", reading)
    monkeypatch.setattr(word_counts, "tokenize", tokenizing)
    LFDataset.load(raw(), text="title")
    assert [uid for kind, uid in events[0::2] if kind == "read"] == [
        *("tmux", "vim", "nm"),
        *("screen", "emacs", "wicd"),
        *("nano", "byobu"),
    ]
    assert all(kind == "tokenize" for kind, _ in events[1::2]) and len(events) == 16


def test_load_two_part(sparse, caplog):
    with caplog.at_level(logging.WARNING):
        data = LFDataset.load(sparse(filter_labels_train="2 1\n"))
    np.testing.assert_allclose(
        data.train_x.toarray(), [[0.6, 0.8, 0, 0], [0, 0, 1, 0], [0.5**0.5, 0, 0, 0.5**0.5]]
    )
    np.testing.assert_array_equal(data.train_y.toarray(), [[1, 0], [0, 1], [1, 1]])
    half = 0.5**0.5
    np.testing.assert_allclose(data.label_x.toarray(), [[half, half, 0, 0], [0, 0, 1, 0]])
    assert data.vectorizer is None and data.train_filter.tolist() == [[2, 1]]
    assert data.label_uids == data.label_titles == ["0", "1"] and data.test_uids == ["0", "1"]
    assert caplog.messages == []


def test_load_two_part_has_no_use_for_a_vectorizer(sparse):
    with pytest.raises(ValueError, match="holds features, not texts"):
        LFDataset.load(sparse(), min_df=2)


def hand_made(**changes):
    parts = {
        "train_x": matrix([[1, 0], [0, 1]]),
        "test_x": matrix([[1, 0]]),
        "label_x": matrix([[1, 0], [0, 1], [1, 0]]),
        "train_y": matrix([[1, 1, 0], [0, 1, 1]]),
        "test_y": matrix([[0, 0, 1]]),
    }
    return LFDataset("hand", **{**parts, **changes})


def test_properties():
    data = hand_made()
    assert (data.num_labels, data.num_features) == (3, 2)
    np.testing.assert_array_equal(data.doc_x.toarray(), [[1, 0], [0, 1], [1, 0]])
    np.testing.assert_array_equal(data.y.toarray(), [[1, 1, 0], [0, 1, 1], [0, 0, 1]])
    assert {name: rows.tolist() for name, rows in data.splits.items()} == {"train": [0, 1], "test": [2]}
    assert data.label_titles == ["0", "1", "2"] and data.train_filter.shape == (0, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_y": matrix([[1, 1, 0]])}, r"'train_y' must be of shape \(2, 3\), got \(1, 3\)"),
        ({"test_x": matrix([[1]])}, "'test_x' must be of shape"),
        ({"label_uids": ["a"]}, "'label_uids' must have 3 entries, got 1"),
        ({"test_filter": np.array([[1, 0]])}, "'test_filter' must hold rows below 1 and labels below 3"),
    ],
)
def test_shapes_are_checked(changes, message):
    with pytest.raises(ValueError, match=message):
        hand_made(**changes)


def test_split_validation_uses_train_filter():
    y = matrix(np.ones((10, 2)))
    x = matrix(np.ones((10, 2)))
    pairs = [[row, label] for row in range(9) for label in range(2)]
    data = hand_made(train_x=x, train_y=y, label_x=matrix(np.eye(2)), test_y=matrix([[0, 1]]), train_filter=pairs)
    fit, val = data.split_validation(fraction=0.5)
    assert val.tolist() == [9] and fit.tolist() == list(range(9))


def test_split_validation_may_take_the_last_document_of_a_label():
    data = hand_made(
        train_x=matrix(np.eye(10)),
        label_x=matrix(np.eye(11, 10)),
        train_y=matrix(np.eye(10, 11) + np.eye(1, 11, 10)),
        test_x=matrix(np.eye(1, 10)),
        test_y=matrix(np.eye(1, 11)),
        label_uids=[f"l{i}" for i in range(11)],
        label_titles=[""] * 11,
        train_filter=np.empty((0, 2), dtype=np.int64),
    )
    fit, val = data.split_validation(fraction=0.5)
    assert val.tolist() == []  # every label keeps one
    fit, val = data.split_validation(fraction=0.5, keep_labels=False)
    assert len(fit) == len(val) == 5
