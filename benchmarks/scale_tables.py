"""The sections on millions of labels of ``docs/benchmarks.md``: sampling, building graphs, training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conditions import code, console
from tables import Result, number, spread, table, unique

#: What ``benchmarks/sampler.py`` compares with, and its own sides, as results name them.
OTHER = "torch-sparse, with replacement"
OURS = ("xcgraph, with replacement", "xcgraph, without replacement")
SAMPLER_PLOT = "sampler.png"


def scale_sections(
    sampler: Sequence[Result] = (), graph_build: Sequence[Result] = (), scale: Sequence[Result] = ()
) -> list[str]:
    """Nothing of what is not stored."""
    parts = []
    if sampler:
        parts += _sampler(sorted(sampler, key=lambda r: (len(r["fan_outs"]), r["nodes"])))
    if graph_build:
        parts += _graph_build(sorted(graph_build, key=lambda r: ("few" in r["command"].split(), r["labels"])))
    if scale:
        parts += _ladder(sorted(scale, key=lambda r: (_changes(r), r["labels"])))
    return parts


def _sampler(results: Sequence[Result]) -> list[str]:
    header = ["nodes", "fan-outs", "side", "s a batch (quartiles)", "batches/s", "times as fast", "growth"]
    rows = []
    for result in results:
        for side in (OTHER, *OURS):
            found = result["sides"][side]
            rows.append(
                [
                    number(result["nodes"]),
                    str(result["fan_outs"]),
                    side,
                    _quartiles(found["seconds"]),
                    f"{found['batches_a_second']:,.1f}",
                    f"{result['times_as_fast'][side]:.1f}" if side in result["times_as_fast"] else "",
                    f"{result['growth'][side]:.2f}",
                ]
            )
    first = results[0]
    return [
        "## Sampling neighbours",
        f"`LabelNeighborLoader` beside PyG's `NeighborLoader` with torch-sparse: {number(first['batch_size'])} "
        f"seeds a batch, {first['batches']} batches a side, one thread, random graphs of 15 edges a node. *times "
        "as fast*: median of torch-sparse over ours; *growth*: median over that on the smallest graph. "
        "torch-sparse draws with replacement throughout: its draws without are biased.",
        f"![Seconds a batch over nodes of the graph](images/{SAMPLER_PLOT})",
        table(header, rows),
        *_measured(results),
    ]


def _graph_build(results: Sequence[Result]) -> list[str]:
    rows = [
        [
            number(result["labels"]),
            "few pairs" if "few" in result["command"].split() else "planted",
            name,
            _lowest_highest(found["seconds"]),
            f"{found['peak_mb']:,.0f}",
            f"{found['added_mb']:,.0f}",
        ]
        for result in results
        for name, found in result["builders"].items()
    ]
    return [
        "## Building label graphs",
        "On `planted` sets of twice as many documents as labels, and on sets of *few pairs* (1.1 labels a "
        "document, 1.5 documents a label); walks of 400 steps, the ten most visited labels kept. *walk, plain "
        "numba* is a straightforward compiled walk to compare with; *walk, expected* is the walk's expectation, "
        "taken by default where it costs less. *added* is what a builder needs beside the data.",
        table(["labels", "set", "what", "s (lowest to highest)", "peak, MB", "added, MB"], rows),
        *_measured(results),
    ]


def _ladder(results: Sequence[Result]) -> list[str]:
    rows, phases = [], []
    for result in results:
        step = result["phases"]["ranker"]["step"]
        rows.append(
            [
                number(result["labels"]),
                number(result["documents"]),
                str(result["settings"]["dim"]),
                _changes(result),
                number(result["phases"]["ranker"]["steps"]),
                number(step["labels"]) if "labels" in step else "",
                _quartiles(step, 4),
                f"{result['step_growth']['times']:.2f}",
                f"{result['peak_mb']:,.0f}",
                f"{max(result['predicted_mb'].values()):,.0f}",
                f"{result['predicted_over_measured']:.2f}",
            ]
        )
        for name, phase in result["phases"].items():
            phases.append(
                [
                    number(result["labels"]),
                    _changes(result),
                    name.replace(f"vectors of {result['labels']}", "label vectors"),
                    f"{phase['seconds']:,.1f}" if "seconds" in phase else "",
                    f"{phase['peak_mb']:,.0f}" if "peak_mb" in phase else "",
                ]
            )
    first = results[0]
    header = ["labels", "documents", "D", "settings", "steps", "labels a step", "s a step (quartiles)", "growth"]
    return [
        "## Training at up to a million labels",
        f"ECLARE on `planted` sets through modules I to IV, in steps of {first['settings']['batch_size']} "
        "documents; tables have their full size. A training phase makes a few steps; with `--epoch`, module IV "
        "passes over all documents. *steps*, *labels a step* (the median of those scored) and *s a step* are of "
        f"module IV; its first {first['warm_up']} steps are not timed. *growth*: seconds a step over those of the "
        "smallest set of the same command; *predicted*: by `xcgraph-bench preflight`.",
        table([*header, "peak, MB", "predicted, MB", "predicted / peak"], rows),
        "Phases (training phases of the steps above):",
        table(["labels", "settings", "phase", "s", "peak, MB"], phases),
        *_measured(results),
    ]


def _changes(result: Result) -> str:
    """What the command changes, as it says it: ``--epoch`` and settings."""
    words = result["command"].split()
    changes = ["--epoch"] if "--epoch" in words else []
    changes += [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    return " ".join(f"`{change}`" for change in changes)


def _quartiles(seconds: dict[str, Any], digits: int = 4) -> str:
    low, middle, high = (f"{seconds[name]:.{digits}f}" for name in ("lower_quartile", "median", "upper_quartile"))
    return f"{middle} ({low} to {high})"


def _lowest_highest(seconds: dict[str, float]) -> str:
    return spread([seconds["lowest"], seconds["median"], seconds["highest"]], 1)


def _measured(results: Sequence[Result]) -> list[str]:
    """Commands, notes and conditions, each once."""
    return [
        *(f"Note: {note}." for note in unique(result["note"] for result in results if "note" in result)),
        "Measured by:",
        console(unique(result["command"] for result in results)),
        "\n".join(f"- {line}" for line in unique(_where(result) for result in results)),
    ]


def _where(result: Result) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items() if name != "xcgraph")
    return (
        f"{machine['cpu']}, {machine['cores']} cores, threads: {machine['threads']}; {result['date']}; "
        f"{code(result)}; {versions}"
    )
