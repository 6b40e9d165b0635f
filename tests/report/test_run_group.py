from __future__ import annotations

import copy
from dataclasses import replace

from xcgraph.peers import Row
from xcgraph.report import FinishedRun, OtherResult, group_runs


def test_same_counts_are_the_same_data(runs):
    first, second = (FinishedRun.read(path) for path in runs.values())
    renamed = copy.deepcopy(second)
    renamed.metrics["data"]["name"] = "another"
    other = copy.deepcopy(second)
    other.metrics["data"]["train_tokens"] += 1
    groups = group_runs([(first, None), (other, "title"), (renamed, "all")])
    assert [group.runs for group in groups] == [[first, renamed], [other]]
    assert [group.text for group in groups] == ["all", "title"]
    assert [group.title for group in groups] == ["odd & <b>, all text", "odd & <b>, titles"]


def test_what_belongs_to_a_group(runs):
    run = FinishedRun.read(runs["eclare"])
    (group,) = group_runs([(run, "title")])
    sizes = run.metrics["data"]
    result = OtherResult(Row("knn", "peer", {}), "odd & <b>", "title", {}, [])
    assert group.measures(result)
    assert not group.measures(replace(result, text="all")) and not group.measures(replace(result, data="x"))
    assert group.measures(replace(result, data="x", sizes={**sizes, "name": "x"}))
    assert not group.measures(replace(result, sizes={**sizes, "labels": 13}))
