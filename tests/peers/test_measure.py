from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy.sparse import load_npz

from xcgraph.data import DataError
from xcgraph.metrics import Evaluator
from xcgraph.peers import PEERS, PeerError, measure_model, measure_peer, read_run
from xcgraph.testing import tiny_dataset
from xcgraph.training import make_settings, run_benchmark

from .conftest import RESULT


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """A finished run on ``data``."""
    out = tmp_path_factory.mktemp("run")
    settings = make_settings("decaf", "default", {"dim": 8, "max_epochs": 1, "min_epochs": 1, "fusion": False})
    run_benchmark(data, out, model="decaf", settings=settings)
    return out


def test_what_is_left(fake, data, tmp_path):
    out = tmp_path / "out" / "fake"
    metrics, old = measure_peer(fake(), data, out, seed=3, command="xcgraph-bench compare")
    assert not old and metrics == json.loads((out / "metrics.json").read_text())
    predictions = load_npz(out / "predictions.npz")
    assert predictions.shape == (30, 120)
    # As many as 100 where pairs are filtered, and none of those.
    assert set(np.diff(predictions.indptr)) == {100}
    assert predictions[0, data.test_filter[:15, 1]].nnz == 0
    evaluator = Evaluator(data.train_y, data.propensity)
    expected = evaluator.evaluate(predictions, None, data.test_y, data.test_filter)
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)
    assert len(metrics["per_decile"]) == 10 and metrics["train_seconds"] == {"total": 1.23}
    assert (metrics["model"], metrics["seed"], metrics["threads"], metrics["device"]) == ("fake", 3, 1, "cpu")
    assert metrics["query_ms"] is None and metrics["command"] == "xcgraph-bench compare"
    assert metrics["data"]["labels"] == 120 and metrics["versions"] == {"fake": "1"}


def test_reuse(fake, data, tmp_path):
    peer = fake(settings={"depth": 3})
    first, _ = measure_peer(peer, data, tmp_path / "out")
    broken = dataclasses.replace(peer, script=str(tmp_path / "absent.py"))
    assert measure_peer(broken, data, tmp_path / "out") == (first, True)
    with pytest.raises(PeerError):
        measure_peer(broken, data, tmp_path / "out", rerun=True)
    # A failure leaves what was there.
    assert measure_peer(broken, data, tmp_path / "out") == (first, True)


def test_results_of_something_else(fake, data, tmp_path):
    peer = fake(settings={"depth": 3})
    measure_peer(peer, data, tmp_path / "out")
    with pytest.raises(ValueError, match="holds a result of another seed and threads; choose another folder"):
        measure_peer(peer, data, tmp_path / "out", seed=1, threads=2)
    with pytest.raises(ValueError, match="another data"):
        measure_peer(peer, tiny_dataset(), tmp_path / "out")
    with pytest.raises(ValueError, match="another settings"):
        measure_peer(dataclasses.replace(peer, settings={"depth": 4}), data, tmp_path / "out")
    assert measure_peer(peer, data, tmp_path / "out", seed=1, rerun=True)[0]["seed"] == 1
    (tmp_path / "out" / "metrics.json").write_text("no json")
    with pytest.raises(ValueError, match="holds a result of another"):
        measure_peer(peer, data, tmp_path / "out")


@pytest.mark.parametrize("name", ["knn", "centroid", "text"])
def test_lexical_peers(data, tmp_path, name):
    metrics, _ = measure_peer(PEERS[name], data, tmp_path)
    assert metrics["P@1"] > 50  # words tell labels apart
    assert metrics["train_seconds"]["total"] < 5 and metrics["model_bytes"] > 1000
    # Python with numpy and scipy, and not the process that started it.
    assert 20 < metrics["peak_rss_mb"] < 400
    query = metrics["query_ms"]
    assert 0 < query["p50"] <= query["p95"] <= query["p99"]
    assert set(metrics["versions"]) == {"python", "numpy", "scipy"}
    assert metrics["settings"] == dict(PEERS[name].settings)


def test_own_model(run, data):
    import torch

    threads = torch.get_num_threads()
    found = measure_model(run / "model", data)
    assert 0 < found["query_ms"]["p50"] <= found["query_ms"]["p99"]
    assert found["model_bytes"] == sum(p.stat().st_size for p in (run / "model").rglob("*") if p.is_file())
    assert torch.get_num_threads() == threads


def test_finished_runs(run, data, tmp_path):
    assert read_run(run, data)["model"] == "decaf"
    assert read_run(run, dataclasses.replace(data, name="elsewhere"))["model"] == "decaf"
    with pytest.raises(
        DataError, match="expected a run on this data, of 60 train documents, got one of 150; name"
    ):
        read_run(run, tiny_dataset())
    with pytest.raises(DataError, match="expected a finished run"):
        read_run(tmp_path, data)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(DataError, match="got one that is not; its command goes on with --resume"):
        read_run(tmp_path, data)
    for text in ("[]", "{}", '{"data": 3}'):
        (tmp_path / "metrics.json").write_text(text)
        with pytest.raises(DataError, match="expected the metrics of a run, got something else; run it again"):
            read_run(tmp_path, data)
    (tmp_path / "metrics.json").write_text('{"data":\n')
    with pytest.raises(DataError, match=r"metrics\.json:2: expected a whole JSON file"):
        read_run(tmp_path, data)


def test_a_peer_is_no_run(fake, data, tmp_path):
    measure_peer(fake(RESULT), data, tmp_path)
    with pytest.raises(DataError, match="expected a finished run"):
        read_run(tmp_path, data)
