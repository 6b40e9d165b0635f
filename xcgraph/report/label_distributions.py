"""Labels by neighbours in the label graph, and by training documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from xcgraph.graph import graph_statistics

from .chart import Axis, Chart, Series, span
from .finished_run import FinishedRun
from .run_group import RunGroup

if TYPE_CHECKING:
    from torch_geometric.data import Data

_LABELS = Axis("labels")


def label_distributions(group: RunGroup) -> dict[str, Any]:
    """What label graphs and label frequencies of a group look like.

    The graph of a run is the one that its model keeps (of several instances, that of the last): neighbours, not
    themselves, with weights that are not looked at. Runs of the same graph share one entry.

    Returns:
        ``frequency``: a :class:`Chart`, or ``None`` without the data set; ``graphs``: for each graph ``runs``
        (their names), ``statistics`` (as :func:`~xcgraph.graph.graph_statistics` names them) and ``charts``;
        ``without``: names of the runs whose model has no graph.
    """
    data = group.data
    frequency = None if data is None else np.asarray(data.train_y.getnnz(axis=0))
    found: list[tuple[Data, list[str]]] = []
    without = []
    for run in group.runs:
        graph = _graph(run)
        if graph is None:
            without.append(run.name)
            continue
        same = [names for other, names in found if torch.equal(other.edge_index, graph.edge_index)]
        if same:
            same[0].append(run.name)
        else:
            found.append((graph, [run.name]))
    known = () if data is None else (data.train_y, data.label_x)
    num_deciles = len(group.runs[0].metrics["per_decile"])
    return {
        "frequency": None if frequency is None else _frequency_chart(frequency),
        "graphs": [
            {
                "runs": names,
                "statistics": graph_statistics(graph, *known),
                "charts": _charts(graph, frequency, num_deciles),
            }
            for graph, names in found
        ],
        "without": without,
    }


def _graph(run: FinishedRun) -> Data | None:
    from torch_geometric.data import Data

    for member in run.model.ranker.members:
        if member.expansion is not None:
            graph = member.expansion.graph
            return Data(edge_index=torch.stack([graph.col.long(), graph.row()]), num_nodes=graph.shape[0])
    return None


def _charts(graph: Data, frequency: np.ndarray | None, num_deciles: int) -> list[Chart]:
    assert graph.edge_index is not None and graph.num_nodes is not None
    source, target = graph.edge_index[:, graph.edge_index[0] != graph.edge_index[1]]
    sides = {
        "neighbours of the label": torch.bincount(target, minlength=graph.num_nodes).numpy(),
        "labels that have it as a neighbour": torch.bincount(source, minlength=graph.num_nodes).numpy(),
    }
    axis, counts = _binned(list(sides.values()), "neighbours")
    bars = [Series(name, points) for name, points in zip(sides, counts, strict=True)]
    charts = [Chart("Labels by neighbours", "bars", axis, _LABELS, bars)]
    if frequency is None:
        return charts
    # The tenths of the labels that recall is told for.
    groups = np.array_split(np.argsort(frequency, kind="stable"), num_deciles)
    ticks = [span(int(frequency[labels].min()), int(frequency[labels].max())) for labels in groups]
    means = [
        Series(name, [(place, round(float(degree[g].mean()), 2)) for place, g in enumerate(groups, 1)])
        for name, degree in sides.items()
    ]
    axis = Axis("training documents a label, a tenth of the labels each", ticks=ticks)
    return [*charts, Chart("Neighbours by label frequency", "lines", axis, Axis("mean of a tenth"), means)]


def _frequency_chart(frequency: np.ndarray) -> Chart:
    axis, (points,) = _binned([frequency], "training documents")
    return Chart("Labels by training documents", "bars", axis, _LABELS, [Series("labels", points)])


def _binned(values: Sequence[np.ndarray], label: str) -> tuple[Axis, list[list[tuple[float, float]]]]:
    """Counts of 0, 1, 2, 3 to 4, 5 to 8 and so on, up to the largest value."""
    largest = max(int(value.max(initial=0)) for value in values)
    tops = [0, 1]
    while tops[-1] < largest:
        tops.append(2 * tops[-1])
    ticks = [span(low + 1, high) for low, high in zip([-1, *tops], tops, strict=False)]
    points = []
    for value in values:
        place = np.searchsorted(tops, value)
        counts = np.bincount(place, minlength=len(tops)).tolist()
        points.append([(float(bin), float(count)) for bin, count in enumerate(counts, 1)])
    return Axis(label, ticks=ticks), points
