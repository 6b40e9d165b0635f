from __future__ import annotations

import json

from xcgraph.inference import Predictor


def test_remove(bench, finished, tmp_path):
    uids = Predictor.load(finished[0] / "model").label_uids
    result = json.loads(
        bench("labels", "remove", finished[0], uids[2], uids[0], "--out", tmp_path / "x", "--json").stdout
    )
    assert result["labels"] == 18
    assert Predictor.load(tmp_path / "x").label_uids == [uids[1], *uids[3:]]


def test_mistakes(error, finished, tmp_path):
    assert "Missing argument 'UID...'" in error("labels", "remove", finished[0], "--out", tmp_path / "x", code=2)
    line = error("labels", "remove", finished[0], "nobody", "--out", tmp_path / "x", code=2)
    assert "there is no label 'nobody'" in line and not (tmp_path / "x").exists()
