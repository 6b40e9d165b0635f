from __future__ import annotations

import pytest

import xcgraph
from xcgraph.report import RunGroup, build_report


def test_everything_of_a_group(group, metrics):
    report = build_report([group], documents=7)
    assert report["version"] == xcgraph.__version__
    (shown,) = report["groups"]
    assert shown["title"] == "odd & <b>, all text" and shown["missing"] == ""
    assert [row["name"] for row in shown["summary"]["rows"]] == [run["name"] for run in shown["runs"]]
    assert {row[0] for row in shown["metrics"]["rows"]} == {name for name in metrics if "@" in name}
    own = {row[0]: row[1] for row in shown["metrics"]["rows"]}
    assert own == {name: value for name, value in metrics.items() if "@" in name}
    assert shown["runs"][0]["facts"]["command"] == metrics["command"]
    assert shown["runs"][0]["settings"] == metrics["settings"] and shown["runs"][0]["curves"]
    assert [document["uid"] for document in shown["documents"]["documents"]] == [
        f"tst{i}" for i in range(0, 25, 4)
    ]


@pytest.mark.parametrize("documents", [0, 5])
def test_parts_that_need_the_data(group, documents):
    with_data = build_report([group], documents=documents)["groups"][0]
    assert (with_data["documents"] is None) == (documents == 0)
    bare = RunGroup(group.runs, missing="it is not here")
    shown = build_report([bare], documents=documents)["groups"][0]
    assert shown["documents"] is None and shown["missing"] == "it is not here"
    assert shown["distributions"]["frequency"] is None and shown["distributions"]["graphs"]


def test_a_run_without_command_or_versions(group):
    for name in ("command", "versions", "scoring", "threads"):
        group.runs[0].metrics[name] = {} if name == "versions" else None
    facts = build_report([group], documents=0)["groups"][0]["runs"][0]["facts"]
    assert set(facts) == {"recipe", "seed", "device", "seconds of training"} and facts["seed"] == "0"
