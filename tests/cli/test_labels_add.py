from __future__ import annotations

import gzip
import json

import pytest

from xcgraph.inference import Predictor


def labels_of(bench, folder, text, k=30):
    (line,) = bench("predict", folder, "-k", k, text).stdout.splitlines()
    return [label["uid"] for label in json.loads(line)["labels"]]


@pytest.fixture(scope="module")
def known(finished):
    predictor = Predictor.load(finished[0] / "model")
    return predictor.label_uids, predictor.label_titles


def test_titles(bench, finished, known, tmp_path):
    _, titles = known
    before = (finished[0] / "model" / "config.json").read_bytes()
    shown = bench("labels", "add", finished[0], titles[3] + " again", "--out", tmp_path / "new").stdout
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("labels")] == ["20", "21"]
    assert titles[3] + " again" in labels_of(bench, tmp_path / "new", titles[3], 5)
    assert (finished[0] / "model" / "config.json").read_bytes() == before


def test_a_table_twice(bench, finished, known, tmp_path):
    uids, titles = known
    table = tmp_path / "new.csv"
    table.write_text(f'name,text,near\nn1,"{titles[3]}, more",{uids[3]};{uids[4]}\nn2,{titles[5]},\n')
    options = ["--input", table, "--uid", "name", "--title", "text", "--neighbours", "near", "--json"]
    result = json.loads(bench("labels", "add", finished[0] / "model", "--out", tmp_path / "one", *options).stdout)
    assert result["labels_before"] == 20 and result["labels"] == 22
    lines = tmp_path / "more.jsonl.gz"
    rows = [
        {"title": titles[6], "uid": "n3", "near": [uids[6]]},
        {"title": "words unknown", "uid": "n4", "near": ["n1"]},
    ]
    lines.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    options = ["--input", lines, "--uid", "uid", "--neighbours", "near"]
    bench("labels", "add", tmp_path / "one", "--out", tmp_path / "two", *options)
    assert Predictor.load(tmp_path / "two").label_uids[20:] == ["n1", "n2", "n3", "n4"]
    assert "n3" in labels_of(bench, tmp_path / "two", titles[6], 5)


def test_a_frozen_model(bench, finished, known, tmp_path):
    _, titles = known
    bench("freeze", finished[0], "--out", tmp_path / "frozen", "--shortlist", "clusters")
    bench("labels", "add", tmp_path / "frozen", titles[3] + " again", "--out", tmp_path / "new")
    assert titles[3] + " again" in labels_of(bench, tmp_path / "new", titles[3], 5)


def test_mistakes(bench, error, finished, known, tmp_path):
    _, titles = known
    run, out = finished[0], tmp_path / "x"
    add = ["labels", "add", run, "--out", out]
    assert "give either TITLE or --input" in error(*add, code=2)
    assert "give either TITLE or --input" in error(*add, "a", "--input", "b.csv", code=2)
    assert "say how to read --input" in error(*add, "a", "--uid", "b", code=2)
    assert "Missing option '--out'" in error("labels", "add", run, "a", code=2)
    assert "has no neighbour" in error(*add, "zzzz qqqq", code=2)
    assert "a text that is not empty" in error(*add, " ", code=2)
    bench(*add, titles[3] + " again")
    assert "exists already" in error("labels", "add", out, titles[3] + " again", "--out", tmp_path / "y", code=2)
    assert "holds files already" in error(*add, titles[3] + " new", code=2)
    assert not (tmp_path / "y").exists()
    table = tmp_path / "new.csv"
    table.write_text(f"title,near\n{titles[3]} other,nobody\n")
    options = ["--out", tmp_path / "y", "--input", table]
    assert "there is no label 'nobody'" in error("labels", "add", run, *options, "--neighbours", "near", code=2)
    assert "expected a column 'who'" in error("labels", "add", run, *options, "--uid", "who", code=1)
    assert "expected a model folder" in error("labels", "add", tmp_path, "a", "--out", tmp_path / "y", code=1)


@pytest.mark.parametrize(
    ("content", "options", "end"),
    [
        (b"title,near\ncaf\xe9,\n", "", "at position 4; write the file again as UTF-8"),
        (b"title,near\na,b,c\n", "", "cells that hold ',' or a line break"),
        (b'title,near\na,"b"c\n', "", "write each quote within a quoted cell twice"),
        (b"title;near\na;b\n", "", "got 'title;near'; give the right --title"),
        (b"title,near\na,b\n", "--neighbours far", "got 'title', 'near'; give the right --neighbours"),
    ],
)
def test_what_is_advised_can_be_done(error, finished, tmp_path, content, options, end):
    (tmp_path / "new.csv").write_bytes(content)
    given = ["--out", tmp_path / "x", "--input", tmp_path / "new.csv", *options.split()]
    assert error("labels", "add", finished[0], *given, code=1).endswith(end)
