from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from scipy.sparse import load_npz

from xcgraph.datasets import load_dataset
from xcgraph.graph import RandomWalkGraph, graph_statistics


def test_table(bench, folder):
    text = bench("graph", folder).stdout
    assert text.startswith("RandomWalkGraph(restart=0.8, length=400, k=10")
    rows = dict(line.rsplit(maxsplit=1) for line in text.splitlines()[1:])
    assert rows["labels"] == "20" and {"isolated", "tail share reached", "text cosine edges"} <= rows.keys()


def test_json_equals_the_library(bench, folder):
    args = ("--restart", 0.5, "--length", 50, "-k", 4, "--method", "exact", "--seed", 3, "--text", "title")
    found = json.loads(bench("graph", folder, *args, "--json").stdout)
    data = load_dataset(folder, text="title")
    graph = RandomWalkGraph(0.5, 50, 4, method="exact", seed=3)(data)
    expected = graph_statistics(graph, data.train_y, data.label_x)
    assert {key: found[key] for key in expected} == pytest.approx(expected, nan_ok=True)
    assert found["data"] == "tiny" and found["seconds"] >= 0 and "restart=0.5" in found["builder"]


@pytest.mark.parametrize("builder", ["cooccurrence", "text", "blend"])
def test_builders(bench, folder, builder):
    names = {"cooccurrence": "CooccurrenceGraph(k=3", "text": "TextKNNGraph(k=3", "blend": "BlendGraph("}
    found = json.loads(bench("graph", folder, "--builder", builder, "-k", 3, "--json").stdout)
    assert found["builder"].startswith(names[builder]) and found["degree_max"] <= 3


def test_out(bench, error, folder, tmp_path):
    graph = RandomWalkGraph()(load_dataset(folder))
    bench("graph", folder, "--out", tmp_path / "new" / "graph.safetensors")
    tensors = load_file(tmp_path / "new" / "graph.safetensors")
    assert torch.equal(tensors["edge_index"], graph.edge_index)
    assert torch.equal(tensors["edge_weight"], graph.edge_weight)
    bench("graph", folder, "--out", tmp_path / "new" / "graph.npz")
    matrix = load_npz(tmp_path / "new" / "graph.npz")
    neighbour, label = graph.edge_index[:, 1].tolist()
    assert matrix.shape == (20, 20) and matrix.nnz == graph.num_edges
    assert matrix[label, neighbour] == graph.edge_weight[1]
    assert len(list((tmp_path / "new").iterdir())) == 2
    assert "ends in .safetensors or .npz" in error("graph", folder, "--out", tmp_path / "graph.pt", code=2)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--builder", "text", "--restart", "0.5"], "--restart has no effect with --builder text, which has -k"),
        (["--restart", "3"], "expected --restart between 0 and 1, got 3.0"),
        (["--method", "approximate"], "expected --method to be one of"),
        (["-k", "0"], "'-k'"),
        (["--builder", "worm"], "'worm' is not one of"),
        (["--seed", "-1"], "'--seed'"),
    ],
)
def test_mistakes(error, folder, args, message):
    assert message in error("graph", folder, *args, code=2)


def test_no_data(error, tmp_path):
    assert "did you mean 'planted'" in error("graph", "plantet", code=2)
    assert str(tmp_path / "absent") in error("graph", tmp_path / "absent", code=1)
