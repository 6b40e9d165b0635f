"""Plots of stored results for ``docs/benchmarks.md``; the same results give the same bytes."""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from against import is_default
from scale_tables import OTHER, OURS, SAMPLER_PLOT
from tables import NAMES, Group, Result, Task, by_configuration, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Of peers, those drawn by label frequency.
DECILE_PEERS = ("parabel", "xr-linear")
#: A colour (of Okabe and Ito's, which colour-blind people can tell apart) and a marker a method.
STYLES = {
    "eclare": ("#D55E00", "o"),
    "decaf": ("#0072B2", "s"),
    "parabel": ("#009E73", "^"),
    "bonsai": ("#CC79A7", "v"),
    "xr-linear": ("#E69F00", "D"),
    "xr-linear-lf": ("#E69F00", "P"),
    "plt": ("#56B4E9", "X"),
    "mix": ("#000000", "h"),
}
#: Of peers, those that are not trained.
UNTRAINED = ("knn", "centroid", "text")


def plot_names(task: Task) -> dict[str, str]:
    """Files of a task's plots, and what they show; a task without peers has none."""
    if not task.peers:
        return {}
    return {
        f"{task.name}-deciles.png": f"{task.title}: R@5 by label frequency",
        f"{task.name}-time.png": f"{task.title}: P@1 and PSP@5 over seconds of training",
    }


def draw(task: Task) -> dict[str, bytes]:
    """The plots of a task as png, by the names of :func:`plot_names`."""
    return {name: _png(make(task)) for name, make in zip(plot_names(task), (_deciles, _time), strict=False)}


def draw_sampler(results: Sequence[Result]) -> dict[str, bytes]:
    """Time of a batch over nodes of the graph, a panel for each list of fan-outs; nothing of no results."""
    if not results:
        return {}
    figure = _figure(8.4, 3.4)
    kinds = sorted({tuple(result["fan_outs"]) for result in results}, key=len)
    panels = figure.subplots(1, len(kinds), squeeze=False)[0]
    styles = dict(zip((OTHER, *OURS), (("#000000", "h"), ("#0072B2", "s"), ("#D55E00", "o")), strict=True))
    for axes, fan_outs in zip(panels, kinds, strict=True):
        own = sorted((r for r in results if tuple(r["fan_outs"]) == fan_outs), key=lambda r: r["nodes"])
        nodes = [result["nodes"] for result in own]
        for side, (color, marker) in styles.items():
            seconds = [result["sides"][side]["seconds"] for result in own]
            middle = [1000 * s["median"] for s in seconds]
            low = [1000 * (s["median"] - s["lower_quartile"]) for s in seconds]
            high = [1000 * (s["upper_quartile"] - s["median"]) for s in seconds]
            axes.errorbar(
                nodes, middle, [low, high], color=color, marker=marker, markersize=6, capsize=3, label=side
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.yaxis.get_major_locator().set_params(subs=(1.0, 2.0, 5.0))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
        axes.set_xlabel("nodes of the graph")
        axes.set_ylabel("ms a batch (quartiles)")
        _finish(axes, f"fan-outs {list(fan_outs)}")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return {SAMPLER_PLOT: _png(figure)}


def _methods(task: Task) -> list[Group]:
    """Models with the default recipe, then peers."""
    models = [group for group in by_configuration(task.results) if is_default(group[0])]
    return [*models, *([peer] for peer in task.peers)]


def _deciles(task: Task) -> Figure:
    """Recall by label frequency."""
    figure = _figure(6.4, 3.8)
    axes = figure.add_subplot()
    for group in _methods(task):
        name = group[0]["model"]
        if name not in (*NAMES, *DECILE_PEERS):
            continue
        color, marker = STYLES[name]
        values = [
            statistics.median(result["per_decile"][i]["R@5"] for result in group)
            for i in range(len(group[0]["per_decile"]))
        ]
        axes.plot(range(1, len(values) + 1), values, color=color, marker=marker, markersize=5, label=label(group))
    deciles = task.first["per_decile"]
    axes.set_xticks(range(1, len(deciles) + 1))
    axes.set_xticklabels([f"{d['decile']}\n{_range(d['min_frequency'], d['max_frequency'])}" for d in deciles])
    axes.set_xlabel("tenth of the labels, rarest first; below it, training documents a label")
    axes.set_ylabel("R@5, %")
    _finish(axes, task.title)
    axes.set_ylim(bottom=0)
    if axes.get_lines():
        axes.legend(frameon=False)
    return figure


def _time(task: Task) -> Figure:
    """Accuracy over seconds of training, of what is trained."""
    figure = _figure(8.4, 3.8)
    panels = figure.subplots(1, 2)
    for axes, metric in zip(panels, ("P@1", "PSP@5"), strict=True):
        for group in _methods(task):
            name = group[0]["model"]
            if name in UNTRAINED:
                continue
            color, marker = STYLES[name]
            seconds = statistics.median(result["train_seconds"]["total"] for result in group)
            axes.plot(
                seconds,
                statistics.median(result["metrics"][metric] for result in group),
                color=color,
                marker=marker,
                markersize=10 if name in NAMES else 8,
                markeredgecolor="white",
                markeredgewidth=0.4,
                linestyle="none",
                label=label(group),
            )
        axes.set_xscale("log")
        # Whole decades: the ticks between them have no room for labels.
        low, high = axes.get_xlim()
        axes.set_xlim(10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
        axes.set_xlabel("training, s")
        axes.set_ylabel(f"{metric}, %")
        _finish(axes, task.title)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    return figure


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install '.[bench]'") from error
    return Figure(figsize=(width, height), layout="constrained")


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=10)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _range(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}-{high}"


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    # Without the version of matplotlib, which is no result.
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()
