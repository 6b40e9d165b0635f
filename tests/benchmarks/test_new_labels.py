"""Hidden labels are hidden from training alone, and what is measured of them is what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.sparse import csr_matrix

from xcgraph.data import LFDataset

QUICK = ("dim=8", "max_epochs=1", "min_epochs=1", "walk_length=20")


@pytest.fixture
def new_labels():
    import new_labels

    return new_labels


def test_what_is_hidden(new_labels):
    hidden = new_labels.hide(50, 0.1, 3)
    assert len(hidden) == 5 and (np.diff(hidden) > 0).all() and hidden[-1] < 50
    assert hidden.tolist() == new_labels.hide(50, 0.1, 3).tolist() != new_labels.hide(50, 0.1, 4).tolist()
    assert len(new_labels.hide(3, 0.1, 0)) == 1


def test_data_without_them(new_labels, folder, tmp_path):
    full, hidden = LFDataset.load(folder), np.array([2, 7])
    new_labels.write_without(folder, hidden, tmp_path / "part")
    part = LFDataset.load(tmp_path / "part")
    seen = np.delete(np.arange(full.num_labels), hidden)
    assert part.label_uids == [full.label_uids[label] for label in seen]
    assert part.test_uids == full.test_uids
    assert abs(part.test_y - full.test_y[:, seen]).nnz == 0
    rest = np.asarray(full.train_y[:, seen].getnnz(axis=1)) > 0
    assert part.train_uids == [uid for uid, kept in zip(full.train_uids, rest, strict=True) if kept]
    assert abs(part.train_y - full.train_y[rest][:, seen]).nnz == 0
    for mine, pairs in ((part.test_filter, full.test_filter),):
        expected = [(doc, seen.tolist().index(label)) for doc, label in pairs.tolist() if label not in hidden]
        assert sorted(map(tuple, mine.tolist())) == sorted(expected)


def test_neighbours_are_those_that_occur_together(new_labels):
    y = csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0, 1, 1, 0]], dtype=np.float32))
    found = new_labels.neighbours_of(y, np.array([1, 3]), np.array([0, 2]))
    assert found == [{0: 2.0, 2: 2.0}, {}]


def test_measures(new_labels):
    """Labels 2 and 3 are hidden; document 1's label 0 is filtered."""
    truth = csr_matrix(np.array([[1, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 0]], dtype=np.float32))
    ranked = np.array([[2, 0, 1, -1], [0, 1, 2, 3], [3, 0, 1, 2]])
    found = new_labels.measure(ranked, truth, np.array([[1, 0]]), np.array([2, 3]))
    assert found["R@10 unseen"] == 75.0  # document 0: one of two, document 1: one of one
    assert found["R@10 seen"] == 100.0  # documents 0 and 2
    assert found["label R@10 unseen"] == 50.0  # label 2: twice of two, label 3: never of one
    assert found["P@1"] == pytest.approx(100 / 3, abs=1e-3)  # label 2 of document 0
    assert found["unseen in top 10"] == pytest.approx(100 * 5 / 12, abs=1e-3)


@pytest.mark.slow
def test_measures_and_stores(new_labels, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(new_labels, "code_state", lambda: ("0" * 40, False))
    args = [str(folder), "--text", "title", "--seeds", "1", "--results", str(tmp_path / "results")]
    for change in QUICK:
        args += ["--set", change]
    result = CliRunner().invoke(new_labels.main, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    stored = json.loads((tmp_path / "results" / "tiny-title-seed1.json").read_text())
    assert set(stored["methods"]) == {"text", "retrained", "without", "added", "added, neighbours given"}
    assert stored["methods"]["without"]["R@10 unseen"] == 0 == stored["methods"]["without"]["unseen in top 10"]
    assert stored["methods"]["added"]["R@10 unseen"] > 0
    assert stored["sizes"]["labels"] == 20 and stored["sizes"]["hidden"] == 2
    assert stored["commit"] == "0" * 40 and not stored["dirty"] and stored["machine"]["threads"] >= 1
    assert stored["command"].startswith("python benchmarks/new_labels.py tiny --text title --seeds 1")
