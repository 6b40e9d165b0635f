from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def frozen(finished, tmp_path_factory):
    from xcgraph.inference import FrozenModel, load_model

    out = tmp_path_factory.mktemp("frozen") / "model"
    model = load_model(finished[0] / "model")
    FrozenModel.freeze(model, "int8", "projection", dims=4, candidates=12).save(out)
    return out


def test_speed(bench, finished):
    result = json.loads(bench("latency", finished[0], "--queries", 7, "--json").stdout)
    (row,) = result["rows"]  # so few labels are all scored
    assert row["scoring"] == "as served" and row["ms"]["queries"] == 7
    assert 0 < row["ms"]["p50"] <= row["ms"]["p95"] <= row["ms"]["p99"] and row["ms"]["batch"] > 0
    assert result["rss_mb"] > 0 and result["load_seconds"] > 0


def test_accuracy_beside_speed(bench, folder, finished, frozen):
    metrics = json.loads((finished[0] / "metrics.json").read_text())
    options = ["--data", folder, "--against", finished[0]]
    result = json.loads(bench("latency", frozen, *options, "--json").stdout)
    served, everything, exact = result["rows"]
    assert exact["accuracy"]["P@1"] == pytest.approx(metrics["P@1"])
    assert exact["accuracy"]["PSP@5"] == pytest.approx(metrics["PSP@5"])
    assert "ms" in served and "ms" in everything and "ms" not in exact
    for row in result["rows"]:
        loss = exact["accuracy"]["P@5"] - row["accuracy"]["P@5"]
        assert row["loss"]["P@5"] == pytest.approx(loss)
    shown = bench("latency", frozen, *options).stdout
    assert "loss PSP@5" in shown and "all labels, float32" in shown and "memory, after the queries" in shown


def test_the_shortlist_is_what_is_measured(bench, folder, finished, tmp_path):
    """With hardly any candidates by no good direction, accuracy must fall."""
    from xcgraph.inference import FrozenModel, load_model

    model = load_model(finished[0] / "model")
    model.ranker.members[0].lexical = None
    FrozenModel.freeze(model, "float32", "projection", dims=1, candidates=2).save(tmp_path / "poor")
    result = json.loads(bench("latency", tmp_path / "poor", "--data", folder, "--json").stdout)
    served, exact = result["rows"]
    assert served["accuracy"]["P@5"] < exact["accuracy"]["P@5"]
    assert served["loss"]["P@5"] > 0 and exact["loss"]["P@5"] == 0


def test_mistakes(bench, error, folder, finished, frozen, tmp_path):
    assert f"{tmp_path}: expected a model folder" in error("latency", tmp_path, code=1)
    assert "'--queries'" in error("latency", frozen, "--queries", 0, code=2)
    assert "got 'nothing'" in error("latency", frozen, "--data", "nothing", code=2)
    bench("data", "build", "planted", "--labels", 30, "--out", tmp_path / "other")
    message = error("latency", frozen, "--data", tmp_path / "other", code=1)
    assert "its labels are not those of the model" in message
