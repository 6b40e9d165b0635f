from __future__ import annotations

import json

import latency
import latency_table
import numpy as np
import planted_index
import pytest
import torch
from click.testing import CliRunner


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    options = ["--dim", "16", "--compare", "20", "--results", str(folder), "--note", "a test"]
    result = CliRunner().invoke(latency.main, ["planted", "5000", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads((folder / "planted-5000.json").read_text())


def test_planted(stored):
    (row,) = stored["methods"]
    assert row["method"] == "xcgraph" and 0 < row["text"]["p50"] <= row["text"]["p99"]
    assert row["agreement"] > 80 and row["mb"] > 0
    assert stored["data"]["labels"] == 5000 and stored["dim"] == 16 and stored["index"].startswith("int8")
    assert stored["command"] == "python benchmarks/latency.py planted 5000 --dim 16"


def test_the_model_is_as_it_says():
    model = planted_index.planted_model(2000, 64)
    weight = model.ranker.members[0].weight
    value = torch.linalg.svdvals(weight - weight.mean(dim=0))
    np.testing.assert_allclose(value[[3, 10, 31]] / value[0], [0.16, 0.1, 0.06], rtol=0.3)
    again = planted_index.planted_model(2000, 64)
    assert torch.equal(weight, again.ranker.members[0].weight)
    texts = planted_index.planted_texts(2000, 5)
    known = [len(model.vectorizer.encode(text)[0]) for text in texts]
    assert len(texts) == 5 and sum(known) > 10  # documents and labels share words


def test_table(stored):
    numbers = {"p50": 0.2, "p95": 0.3, "p99": 0.4, "batch": 0.25}
    own = {"method": "xcgraph", "features": numbers, "text": numbers, "mb": 90.5}
    own["loss"] = {"P@1": -0.051, "PSP@5": 0.032}
    trained = {**stored, "kind": "trained", "data": {"name": "debian", "labels": 22321}, "command": "measured so"}
    trained["methods"] = [own, {"method": "bonsai", "features": {**numbers, "p50": 0.31}}]
    del trained["how"]
    text = "\n\n".join(latency_table.latency_sections([trained, stored]))
    assert "| debian, titles | 22,321 | 16 | xcgraph | 0.200 | 0.300 | 0.400 | 0.200 |" in text
    assert "| bonsai | 0.310 |" in text and "| -0.05 | +0.03 |" in text
    assert planted_index.HOW in text and "$ measured so" in text and "Note: a test." in text
    assert latency_table.latency_sections([]) == []
