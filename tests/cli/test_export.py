from __future__ import annotations

import json

import pytest

FILES = {"export.json", "labels.json", "labels.safetensors", "vectorizer"}


@pytest.mark.parametrize(("format", "name"), [("onnx", "encoder.onnx"), ("torch", "encoder.pt2")])
def test_files(bench, finished, tmp_path, format, name):
    if format == "onnx":
        pytest.importorskip("onnxscript", reason="the extra 'onnx' is not installed")
        pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")
    out = tmp_path / "exported"
    found = json.loads(bench("export", finished[0], "--format", format, "--out", out, "--json").stdout)
    assert {path.name for path in out.iterdir()} == FILES | {name}
    assert found["labels"] == 20 and 0 <= found["difference"] <= 1e-5 and found["model"].endswith("model")


def test_table(bench, finished, tmp_path):
    result = bench("export", finished[0], "--format", "torch", "--out", tmp_path / "exported")
    assert "labels" in result.stdout and "e-" in result.stdout and result.stderr == ""


def test_mistakes(bench, error, finished, tmp_path):
    (tmp_path / "mine").write_text("")
    assert f"{tmp_path}: holds files already" in error("export", finished[0], "--out", tmp_path, code=2)
    line = error("export", tmp_path, "--out", tmp_path / "out", code=1)
    assert f"{tmp_path}: expected a model folder" in line
    assert "'--out'" in error("export", finished[0], code=2)
    bench("freeze", finished[0], "--out", tmp_path / "frozen")
    assert "frozen" in error("export", tmp_path / "frozen", "--out", tmp_path / "out", code=1)
