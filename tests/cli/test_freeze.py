from __future__ import annotations

import json

import pytest

from xcgraph.inference import Predictor


def test_freeze(bench, finished, tmp_path):
    out = tmp_path / "frozen"
    shown = bench("freeze", finished[0], "--out", out, "--shortlist", "projection").stdout
    assert "int8" in shown and "ProjectedLabels(20 labels" in shown
    text = Predictor.load(out).label_titles[3]
    wanted = [hit.uid for hit in Predictor.load(finished[0] / "model").predict([text], 3)[0]]
    (answer,) = [json.loads(line) for line in bench("predict", out, "-k", 3, text).stdout.splitlines()]
    assert [label["uid"] for label in answer["labels"]] == wanted


def test_json_and_options(bench, finished, tmp_path):
    options = ["--dtype", "float16", "--shortlist", "none", "--min-weight", 0, "--json"]
    result = json.loads(bench("freeze", finished[0] / "model", "--out", tmp_path / "x", *options).stdout)
    assert result["labels"] == 20 and result["dtype"] == "float16" and result["shortlist"] == "None"
    assert set(result) >= {"seconds", "model_mb", "frozen_mb"} and (tmp_path / "x" / "index.safetensors").is_file()


def test_mistakes(bench, error, finished, tmp_path):
    out, _ = finished
    assert "Missing option '--out'" in error("freeze", out, code=2)
    assert "'--dtype'" in error("freeze", out, "--out", tmp_path / "x", "--dtype", "int4", code=2)
    assert f"{tmp_path}: expected a model folder" in error("freeze", tmp_path, "--out", tmp_path / "x", code=1)
    bench("freeze", out, "--out", tmp_path / "x")
    assert "holds files already" in error("freeze", out, "--out", tmp_path / "x", code=2)
    assert "it is a frozen model" in error("freeze", tmp_path / "x", "--out", tmp_path / "y", code=1)


@pytest.fixture
def shortlisted(bench, folder, tmp_path):
    quick = ["dim=8", "max_epochs=1", "min_epochs=1", "walk_length=20", "scoring=shortlist", "instances=2"]
    bench("run", folder, "--out", tmp_path / "run", "--device", "cpu", *(a for q in quick for a in ("--set", q)))
    return tmp_path / "run"


def test_a_model_with_a_shortlist_of_its_own(bench, error, shortlisted, folder, tmp_path):
    options = ["--out", tmp_path / "frozen", "--dtype", "float32", "--min-weight", 0]
    assert "FrozenBeamSearch(20 labels" in bench("freeze", shortlisted, *options).stdout
    message = error("freeze", shortlisted, "--out", tmp_path / "x", "--shortlist", "none", code=1)
    assert "expected 'shortlist' to be 'auto', got 'none'" in message
    answer, same = (bench("predict", model, "anything").stdout for model in (shortlisted, tmp_path / "frozen"))
    assert answer == same and len(json.loads(answer)["labels"]) == 5
    metrics = json.loads((shortlisted / "metrics.json").read_text())
    options = ["--data", folder, "--against", shortlisted, "--json"]
    served, trained = json.loads(bench("latency", tmp_path / "frozen", *options).stdout)["rows"]
    assert served["scoring"] == "as served" and trained["scoring"].startswith("trained shortlist, float32: ")
    for name in ("P@1", "PSP@5"):
        assert served["accuracy"][name] == pytest.approx(metrics[name]) and served["loss"][name] == 0
