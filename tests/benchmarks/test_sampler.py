"""Both sides sample the same graph, and what is kept says what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from xcgraph.sampler import NeighborCSC
from xcgraph.typing import torch_sparse_support

needs_torch_sparse = pytest.mark.skipif(
    torch_sparse_support() == "none", reason="torch-sparse is optional; `make sparse` installs it"
)


@pytest.fixture
def sampler(monkeypatch):
    import sampler

    monkeypatch.setattr(sampler, "code_state", lambda: ("0" * 40, False))
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    return sampler


def test_random_graph(sampler):
    graph = sampler.random_graph(300, seed=1)
    degree = graph.edge_index[1].bincount(minlength=300)
    assert degree.min() >= 5 and degree.max() <= 25 and 14 < degree.double().mean() < 16
    assert graph.edge_index.min() >= 0 and graph.edge_index.max() < 300
    # Sorted and without repeats, or this would raise or permute.
    assert NeighborCSC.from_data(graph).perm is None
    assert graph.edge_index.equal(sampler.random_graph(300, seed=1).edge_index)
    assert not graph.edge_index.equal(sampler.random_graph(300, seed=2).edge_index)


def test_figures_of_a_comparison(sampler):
    def side(median: float) -> dict:
        return {"seconds": {"median": median}}

    names = [sampler.OTHER, *sampler.OURS]
    measured = {(100, name): side(value) for name, value in zip(names, (8.0, 2.0, 4.0), strict=True)}
    measured |= {(200, name): side(value) for name, value in zip(names, (9.0, 3.0, 4.5), strict=True)}
    result = sampler.compare(measured, 200)
    assert list(result["times_as_fast"].values()) == [3.0, 2.0]
    assert result["growth"] == {"from_nodes": 100, names[0]: 1.125, names[1]: 1.5, names[2]: 1.125}


def test_summary(sampler):
    result = sampler.summary([4.0, 1.0, 2.0, 3.0, 10.0], [(10, 20), (20, 40)])
    assert result["seconds"]["median"] == 3.0 and result["batches_a_second"] == 0.33
    assert result["seconds"]["lowest"] == 1.0 and result["seconds"]["highest"] == 10.0
    assert (result["nodes_a_batch"], result["edges_a_batch"]) == (15.0, 30.0)


@needs_torch_sparse
def test_stores_a_line_a_graph(sampler, tmp_path):
    args = ["--nodes", "200", "--nodes", "400", "--batches", "3", "--warm-up", "1", "--batch-size", "16"]
    done = CliRunner().invoke(sampler.main, [*args, "--results", str(tmp_path)])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert [(line["nodes"], line["fan_outs"]) for line in lines] == [
        (nodes, fan_outs) for fan_outs in ([10], [10, 10]) for nodes in (200, 400)
    ]
    files = sorted(Path(tmp_path).glob("*.json"))
    assert sorted(path.name for path in files) == [
        "nodes200-10.json",
        "nodes200-10x10.json",
        "nodes400-10.json",
        "nodes400-10x10.json",
    ]
    assert json.loads(files[-1].read_text()) == lines[-1]
    for line in lines:
        sides = line["sides"]
        with_replacement, without = sides["xcgraph, with replacement"], sides["xcgraph, without replacement"]
        # All draw the same number of edges with replacement: ten for each node that is not of the last hop.
        if line["fan_outs"] == [10]:
            assert with_replacement["edges_a_batch"] == sides[sampler.OTHER]["edges_a_batch"] == 160
        assert without["nodes_a_batch"] > with_replacement["nodes_a_batch"] / 2 > 8
        assert line["machine"]["threads"] == 1 and line["commit"] == "0" * 40 and not line["dirty"]
        assert "torch_sparse" in line["versions"] and "--nodes 200 --nodes 400" in line["command"]


@needs_torch_sparse
def test_a_stored_result_is_not_replaced_by_one_of_changed_code(sampler, tmp_path, monkeypatch):
    (tmp_path / "nodes200-10.json").write_text("{}")
    monkeypatch.setattr(sampler, "code_state", lambda: ("0" * 40, True))
    done = CliRunner().invoke(sampler.main, ["--nodes", "200", "--results", str(tmp_path)])
    assert done.exit_code == 1 and "stored already" in done.output


def test_needs_the_other_side(sampler, monkeypatch):
    monkeypatch.setattr(sampler, "torch_sparse_support", lambda: "none")
    done = CliRunner().invoke(sampler.main, ["--nodes", "200"])
    assert done.exit_code == 1 and "run 'make sparse' first" in done.output
