from __future__ import annotations

import json

from xcgraph.inference import Predictor


def test_rename(bench, finished, tmp_path):
    predictor = Predictor.load(finished[0] / "model")
    uid, title = predictor.label_uids[4], predictor.label_titles[4]
    bench("labels", "rename", finished[0], uid, "another, title", "--out", tmp_path / "x")
    (line,) = bench("predict", tmp_path / "x", "-k", 3, title).stdout.splitlines()
    shown = {label["uid"]: label["title"] for label in json.loads(line)["labels"]}
    assert shown[uid] == "another, title"


def test_mistakes(error, finished, tmp_path):
    assert "there is no label 'nobody'" in error(
        "labels", "rename", finished[0], "nobody", "x", "--out", tmp_path / "x", code=2
    )
    uid = Predictor.load(finished[0] / "model").label_uids[0]
    assert "not empty" in error("labels", "rename", finished[0], uid, "", "--out", tmp_path / "x", code=2)
