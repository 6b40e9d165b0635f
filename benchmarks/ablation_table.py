"""The ablation's section of ``docs/benchmarks.md``."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from conditions import conditions, console
from configurations import CONFIGURATIONS, DEFAULT
from tables import Result, by_task, table, task_key, unique

from xcgraph.metrics.paired_bootstrap import RESAMPLES

METRICS = ("P@1", "P@5", "PSP@1", "PSP@5")


def ablation_sections(results: Sequence[Result], differences: Sequence[Result]) -> list[str]:
    """A section a task; nothing where nothing is stored."""
    parts = []
    for task in by_task(results):
        gaps = {d["configuration"]: d for d in differences if task_key(d) == task_key(task.first)}
        rows, distances = [], []
        # What was changed of every run; of a row, what makes it that row.
        default = [r["changes"] for r in task.results if r["configuration"] == DEFAULT.name]
        common = [f"{key}={value}" for changes in default[:1] for key, value in changes.items()]
        for name, configuration in CONFIGURATIONS.items():
            group = sorted((r for r in task.results if r["configuration"] == name), key=lambda r: r["seed"])
            if not group:
                continue
            rows.append(
                [
                    f"`{name}`",
                    configuration.what,
                    " ".join(f"`{change}`" for change in configuration.changes),
                    ", ".join(str(result["seed"]) for result in group),
                    *(mean([result["metrics"][metric] for result in group]) for metric in METRICS),
                    mean([result["train_seconds"]["total"] for result in group], 0),
                ]
            )
            if name in gaps:
                distances.append([f"`{name}`", *(interval(gaps[name]["difference"][m]) for m in METRICS)])
        parts += [
            f"## Ablation: ECLARE on {task.title}",
            "What each part brings: the default recipe, and the same without one of its parts or with another in "
            "its place. Test documents, percent; mean over seeds ± standard deviation.",
            table(["configuration", "what", "settings", "seeds", *METRICS, "training, s"], rows),
        ]
        if distances:
            parts += [
                f"Difference from `{DEFAULT.name}` in percentage points, of the same seeds, with its 95 % "
                f"interval: paired bootstrap over test documents, {RESAMPLES:,} resamples. Bold where it "
                "leaves out zero. Intervals say what other test documents might give, not other seeds: for that, "
                "the deviations above.",
                table(["configuration", *METRICS], distances),
            ]
        seeds = ",".join(map(str, sorted({result["seed"] for result in task.results})))
        options = "".join(f" --set {change}" for change in common)
        command = (
            f"python benchmarks/ablation.py {task.first['data']['name']} --text {task.first['text']}{options}"
        )
        names = [name for name in CONFIGURATIONS if any(r["configuration"] == name for r in task.results)]
        built = unique(result["command"].rpartition(" && ")[0] for result in task.results)
        lines = [*filter(None, built), f"{command} --seeds {seeds} --configs {','.join(names)}"]
        parts += [
            *(f"Note: {note}." for note in unique(r["note"] for r in task.results if "note" in r)),
            "Measured by:",
            console(lines),
            "\n".join(f"- {line}" for line in conditions(task.results)),
        ]
    return parts


def mean(values: Sequence[float], digits: int = 2) -> str:
    """The mean, and with several values their standard deviation."""
    shown = f"{statistics.fmean(values):,.{digits}f}"
    return f"{shown} ± {statistics.stdev(values):,.{digits}f}" if len(values) > 1 else shown


def interval(gap: dict[str, float]) -> str:
    """A difference with its interval."""
    shown = f"{gap['difference']:+.2f}"
    if gap["low"] > 0 or gap["high"] < 0:
        shown = f"**{shown}**"
    return f"{shown} ({gap['low']:+.2f} to {gap['high']:+.2f})"
