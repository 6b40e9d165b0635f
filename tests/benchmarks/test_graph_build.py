"""The plain walk is the same kind of walk, and every builder is measured."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner


@pytest.fixture
def graph_build(monkeypatch):
    import graph_build

    monkeypatch.setattr(graph_build, "code_state", lambda: ("0" * 40, False))
    return graph_build


@pytest.mark.slow
def test_the_plain_walk_counts_what_ours_counts(graph_build):
    from xcgraph.datasets.planted import planted_matrices
    from xcgraph.graph import BipartiteWalk
    from xcgraph.sparse import CSR

    y = planted_matrices(30).train_y
    by_label = y.T.tocsr()
    best, count = graph_build.plain_walks(
        by_label.indptr, by_label.indices, y.indptr, y.indices, 30, 0.5, 20_000, 30, 1
    )
    assert (count.sum(axis=1) == 20_000).all() and (np.diff(count, axis=1) <= 0).all()
    plain = np.zeros((30, 30))
    rows, places = (best >= 0).nonzero()
    plain[rows, best[rows, places]] = count[rows, places]
    source, label, times = BipartiteWalk(y, 0.5, 20_000, seed=1).counts(CSR.from_scipy(by_label).row().unique())
    ours = np.zeros((30, 30))
    ours[source, label] = times
    assert np.abs(plain - ours).sum(axis=1).max() / 20_000 < 0.1


@pytest.mark.slow
def test_all_builders_are_measured(graph_build, tmp_path):
    result = CliRunner().invoke(
        graph_build.main, ["--labels", "200", "--repeats", "2", "--dim", "8", "--results", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    stored = json.loads((tmp_path / "labels200.json").read_text())
    assert set(stored["builders"]) == {
        "walk", "walk, plain numba", "walk, expected", "cooccurrence", "text", "label centroids",
        "balanced clustering",
    }  # fmt: skip
    for measured in stored["builders"].values():
        low, middle, high = (measured["seconds"][name] for name in ("lowest", "median", "highest"))
        assert 0 <= low <= middle <= high and measured["peak_mb"] > 100
    assert stored["auto_takes"] in stored["builders"]


@pytest.mark.slow
def test_few_pairs(graph_build, tmp_path):
    args = ["--labels", "2000", "--pairs", "few", "--repeats", "1", "--results", str(tmp_path)]
    result = CliRunner().invoke(graph_build.main, args)
    assert result.exit_code == 0, result.output
    stored = json.loads((tmp_path / "labels2000-few.json").read_text())
    assert stored["command"].endswith("--pairs few")
    assert set(stored["builders"]) == {"walk", "walk, plain numba", "walk, expected"}
    assert stored["auto_takes"] == "walk, expected"
    assert 1.05 < stored["pairs"] / stored["documents"] < 1.15 and 1.4 < stored["pairs"] / stored["labels"] < 1.6
