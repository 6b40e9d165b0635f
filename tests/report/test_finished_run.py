from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from scipy.sparse import csr_matrix, save_npz

from xcgraph.data import DataError
from xcgraph.report import FinishedRun


@pytest.fixture
def copy(runs, tmp_path):
    shutil.copytree(runs["eclare"], tmp_path / "run")
    return tmp_path / "run"


def test_what_a_run_left(runs, metrics, group):
    run = FinishedRun.read(runs["eclare"])
    assert run.name == f"eclare ({runs['eclare']})" and run.metrics == metrics
    assert [(record["phase"], record["epoch"]) for record in run.log] == [("ranker", 1), ("ranker", 2)]
    assert run.predictions(group.data).shape == (25, 12)
    assert run.model.label_uids == group.data.label_uids


@pytest.mark.parametrize("name", ["metrics.json", "predictions.npz", "log.jsonl", "model/config.json"])
def test_files_that_are_not_there(copy, name):
    (copy / name).unlink()
    with pytest.raises(DataError, match=r"expected (a finished run|\S+ of a finished run)"):
        FinishedRun.read(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update({"P@1": "high"}), "expected 'P@1' to be a number, got 'high'"),
        (lambda m: m.update({"R@100": float("nan")}), "expected 'R@100' to be a number, got nan"),
        (lambda m: m.pop("PSP@3"), "expected 'PSP@3' to be a number, got None"),
        (lambda m: m.update(per_decile=[]), r"expected 'per_decile\[0\].decile' to be a number"),
        (lambda m: m["per_decile"][1].pop("R@5"), r"expected 'per_decile\[1\].R@5' to be a number"),
        (lambda m: m.update(train_seconds=3), "expected the metrics of a run, got something else"),
        (lambda m: m["train_seconds"].update(graph="long"), "expected 'train_seconds.graph' to be a number"),
        (lambda m: m["data"].update(labels=None), "expected 'data.labels' to be a whole number, got None"),
        (
            lambda m: m["data"].update(test_documents=-3),
            "expected 'data.test_documents' to be a whole number, got -3",
        ),
        (lambda m: m["data"].update(name=["x"]), "expected 'data.name' to be a text"),
        (lambda m: m.update(data=[]), "expected the metrics of a run"),
        (lambda m: m.update(settings="all"), "expected 'settings' to be an object, got 'all'"),
    ],
)
def test_damaged_metrics(copy, metrics, change, message):
    change(metrics)
    (copy / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(DataError, match=message):
        FinishedRun.read(copy)


@pytest.mark.parametrize("line", ["{", "[]", '{"phase": "ranker"}', '{"phase": "ranker", "epoch": "x"}'])
def test_damaged_log(copy, line):
    (copy / "log.jsonl").write_text('{"phase": "ranker", "epoch": 1}\n' + line)
    with pytest.raises(DataError, match=r"log.jsonl:2: expected a JSON object with 'phase' and 'epoch'"):
        FinishedRun.read(copy)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.write_bytes(b"PK"), "expected a scipy sparse matrix"),
        (lambda path: np.savez(path, index=np.zeros((25, 1), dtype=int)), "got ranked arrays"),
        (
            lambda path: save_npz(path, csr_matrix((25, 11))),
            "scores of 25 test documents x 12 labels, got 25 x 11",
        ),
        (lambda path: save_npz(path, csr_matrix(np.full((25, 12), np.inf))), "got NaN or infinity"),
    ],
)
def test_damaged_predictions(copy, group, write, message):
    write(copy / "predictions.npz")
    with pytest.raises(DataError, match=f"predictions.npz: .*{message}"):
        FinishedRun.read(copy).predictions(group.data)
