from __future__ import annotations

import numpy as np

from xcgraph.graph import RandomWalkGraph
from xcgraph.report import RunGroup, label_distributions


def dense(run):
    graph = run.model.ranker.members[0].expansion.graph
    matrix = np.zeros((12, 12))
    rowptr = graph.rowptr.tolist()
    for label in range(12):
        matrix[label, graph.col[rowptr[label] : rowptr[label + 1]].tolist()] = 1
    np.fill_diagonal(matrix, 0)
    return matrix


def named(points, ticks):
    return {ticks[int(place) - 1]: count for place, count in points}


def bins(values):
    spans = {"0": (0, 0), "1": (1, 1), "2": (2, 2), "3–4": (3, 4), "5–8": (5, 8), "9–16": (9, 16)}
    return {name: ((low <= values) & (values <= high)).sum() for name, (low, high) in spans.items()}


def test_neighbours_of_the_graph_in_the_model(group):
    found = label_distributions(group)
    assert found["without"] == [group.runs[1].name]  # DECAF
    (graph,) = found["graphs"]
    matrix = dense(group.runs[0])
    assert matrix.sum() == graph["statistics"]["edges"] > 0
    counts, means = graph["charts"]
    sides = dict(zip([series.name for series in counts.series], (matrix.sum(1), matrix.sum(0)), strict=True))
    for series in counts.series:
        told = named(series.points, counts.x.ticks)
        expected = bins(sides[series.name])
        assert told == {name: expected[name] for name in told} and sum(told.values()) == 12
    frequency = group.data.train_y.getnnz(axis=0)
    tenths = np.array_split(np.argsort(frequency, kind="stable"), 10)
    for series in means.series:
        expected = [round(float(sides[series.name][tenth].mean()), 2) for tenth in tenths]
        assert [y for _, y in series.points] == expected


def test_the_graph_is_that_of_the_training_documents(group):
    # A walk over the documents that the run trained on finds neighbours within the groups that occur together.
    matrix = dense(group.runs[0])
    outside = [(i, j) for i, j in zip(*matrix.nonzero(), strict=True) if i // 3 != j // 3]
    assert not outside and RandomWalkGraph(length=40)(group.data).num_nodes == 12


def test_training_documents_a_label(group):
    chart = label_distributions(group)["frequency"]
    told = named(chart.series[0].points, chart.x.ticks)
    expected = bins(group.data.train_y.getnnz(axis=0))
    assert told == {name: expected[name] for name in told} and sum(told.values()) == 12


def test_without_the_data(group):
    found = label_distributions(RunGroup(group.runs))
    assert found["frequency"] is None
    assert [chart.title for chart in found["graphs"][0]["charts"]] == ["Labels by neighbours"]
    assert "tail_labels" not in found["graphs"][0]["statistics"]


def test_runs_of_one_graph_share_it(group):
    found = label_distributions(RunGroup([group.runs[0], group.runs[0]], data=group.data))
    assert [graph["runs"] for graph in found["graphs"]] == [[group.runs[0].name] * 2]
