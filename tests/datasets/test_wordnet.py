from __future__ import annotations

import pytest
from tiny_sources import WORDNET, read_json_lines, read_pairs, targets

from xcgraph.data import DataError
from xcgraph.datasets import DATASETS, build_wordnet, wordnet_folder


def test_counts(tmp_path, wordnet):
    report = build_wordnet(tmp_path / "out", wordnet)
    labels = read_json_lines(tmp_path / "out/lbl.json.gz")
    assert [label["uid"] for label in labels] == [
        "00000100-a", "00000100-v", "00000200-a", "00000200-n", "00000300-n",
    ]  # fmt: skip
    assert labels[0] == {"uid": "00000100-a", "title": "big", "content": "of great size"}
    assert labels[3] == {"uid": "00000200-n", "title": "cat, big cat", "content": 'a feline; "it sat"'}
    assert targets(tmp_path / "out/trn.json.gz") == {
        "00000100-a": [2],
        "00000100-n": [3],
        "00000100-r": [0],
        "00000100-v": [3, 4],
        "00000200-a": [0],
        "00000200-n": [1, 4],
    }
    # Dog names the cat, which is a training document and names Dog.
    assert targets(tmp_path / "out/tst.json.gz") == {"00000400-n": [3]}
    assert read_pairs(tmp_path / "out/filter_labels_train.txt") == [(0, 0), (3, 1), (4, 2), (5, 3)]
    assert read_pairs(tmp_path / "out/filter_labels_test.txt") == []
    assert (report.train, report.test, report.labels) == (6, 1, 5)
    assert (report.train_pairs, report.test_pairs, report.tail_labels) == (8, 1, 5)
    assert report.dropped["test documents with reciprocal pairs only"] == 1
    assert report.dropped["labels without a training document"] == 1


def test_folder(tmp_path, wordnet, monkeypatch):
    monkeypatch.setenv("WNSEARCHDIR", str(wordnet))
    assert wordnet_folder() == wordnet
    monkeypatch.setenv("WNSEARCHDIR", str(tmp_path))
    with pytest.raises(DataError, match=r"data.noun.*apt-get install wordnet-base.*WNSEARCHDIR"):
        build_wordnet(tmp_path / "out")


@pytest.mark.parametrize(
    "line",
    [
        "not a synset",
        "00000100 03 n 01 abc 0 002 @ 00000200 n 0000 | one pointer of two",
        "00000100 03 n zz abc 0 000 | no number",
        "00000100 03 n 01 abc 0 000",
        "",
    ],
)
def test_damaged_file(tmp_path, wordnet, line):
    path = wordnet / "data.adv"
    path.write_text(WORDNET["data.adv"] + line + "\n")
    with pytest.raises(DataError, match="expected a synset line") as caught:
        build_wordnet(tmp_path / "out", wordnet)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert not (tmp_path / "out").exists()


def test_pointer_to_nowhere(tmp_path, wordnet):
    (wordnet / "data.adv").write_text(WORDNET["data.adv"].replace("00000100 a", "00000777 a"))
    with pytest.raises(DataError, match="expected a synset 00000777-a"):
        build_wordnet(tmp_path / "out", wordnet)


@pytest.mark.wordnet_files
def test_real_counts(tmp_path):
    try:
        wordnet_folder()
    except DataError:
        pytest.skip("the WordNet files are not on this machine (Debian: wordnet-base)")
    report = build_wordnet(tmp_path / "out")
    # The published counts were taken before reciprocal pairs left the truth.
    reciprocal = report.dropped["reciprocal pairs of test documents"]
    all_test = report.test + report.dropped["test documents with reciprocal pairs only"]
    assert (report.train, all_test, report.labels) == (86_465, 27_869, 54_391)
    pairs = report.train_pairs + report.test_pairs + reciprocal
    assert pairs / (report.train + all_test) == pytest.approx(1.88, abs=0.01)
    assert report.documents_per_label == pytest.approx(3.09, abs=0.01)
    assert report.tail_share == pytest.approx(85.4, abs=0.1)
    info = DATASETS["wordnet"]
    assert (report.test, round(report.labels_per_document, 2)) == (info.num_test, info.labels_per_document)
