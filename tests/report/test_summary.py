from __future__ import annotations

from pathlib import Path

import pytest

from xcgraph.datasets import DATASETS
from xcgraph.peers import COLUMNS, METRICS, Row
from xcgraph.peers.runners.protocol import folder_bytes
from xcgraph.report import OtherResult, RunGroup, summary


def peer(name, **values):
    deciles = [{"decile": place, "R@5": float(place)} for place in range(1, 11)]
    return OtherResult(Row(name, "peer", dict.fromkeys(METRICS, 1.0) | values), "odd & <b>", "all", {}, deciles)


def test_runs_and_peers(group, metrics):
    group.others = [peer("knn", **{"P@1": 100.5}), peer("text")]
    table = summary(group)
    assert [row["kind"] for row in table["rows"]] == ["model", "model", "peer", "peer"]
    own, _, knn, _ = table["rows"]
    assert own["values"]["P@1"] == metrics["P@1"] and own["command"].startswith("xcgraph-bench run")
    assert own["values"]["model MB"] == folder_bytes(group.runs[0].folder / "model") / 1e6
    assert own["values"]["query ms"] is None and any("compare DATA --runs" in note for note in table["notes"])
    assert "P@1" in knn["best"] and "P@1" not in own["best"]
    for column in COLUMNS:
        values = [row["values"][column] for row in table["rows"] if row["values"][column] is not None]
        best = (max if column in METRICS else min)(values, default=None)
        assert all((column in row["best"]) == (row["values"][column] == best) for row in table["rows"] if values)


def test_a_comparison_knows_more_of_a_run(group, metrics):
    values = {name: metrics[name] for name in METRICS} | {
        "train s": metrics["train_seconds"]["total"],
        "query ms": 0.5,
    }
    group.others = [OtherResult(Row("eclare (elsewhere)", "model", values), "odd & <b>", "all", {}, [])]
    table = summary(group)
    assert len(table["rows"]) == 2 and table["rows"][0]["values"]["query ms"] == 0.5
    assert table["rows"][0]["values"]["batch ms"] == metrics["predict_ms_batch"]


def test_recall_by_frequency(group, metrics):
    group.others = [peer(f"p{i}", **{"P@5": float(i)}) for i in range(5)]
    chart = summary(group)["deciles"]
    assert chart.series[0].points == [(i, round(row["R@5"], 2)) for i, row in enumerate(metrics["per_decile"], 1)]
    assert [series.shown for series in chart.series] == [True, True, False, False, True, True, True]
    assert len(chart.x.ticks) == 10


def test_deciles_of_another_number_are_not_drawn(group):
    short = peer("short")
    group.others = [OtherResult(short.row, short.data, "all", {}, short.per_decile[:3])]
    assert [series.name for series in summary(group)["deciles"].series] == [run.name for run in group.runs]


@pytest.mark.parametrize("same", [True, False])
def test_published_rows(group, same):
    info = DATASETS["LF-AmazonTitles-131K"]
    sizes = {"name": info.name}
    if same:
        sizes |= {"labels": info.num_labels, "test_documents": info.num_test}
    group.runs[0].metrics["data"] |= sizes
    table = summary(RunGroup(group.runs[:1]))
    (row,) = [row for row in table["rows"] if row["name"] == "ECLARE (published)"]
    assert row["values"]["P@1"] == 40.74 and row["best"] == [] and "V100" in row["source"]
    assert any("cannot be compared." in note and "12 and 25" in note for note in table["notes"]) != same
    assert Path(group.runs[0].folder).is_dir()
