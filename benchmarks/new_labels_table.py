"""The section on labels added without training of ``docs/benchmarks.md``."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from conditions import console
from tables import NAMES, Result, table, unique

#: Methods as ``benchmarks/new_labels.py`` names them, and in words.
METHODS = {
    "text": "matching of label texts (TF-IDF cosine)",
    "without": "the model without them",
    "added": "added by their titles",
    "added, neighbours given": "added, neighbours named",
    "retrained": "trained with all",
}
_METRICS = ("R@10 unseen", "label R@10 unseen", "R@10 seen", "P@1", "unseen in top 10")


def new_labels_sections(results: Sequence[Result]) -> list[str]:
    """A section a data set; nothing where nothing is stored."""
    parts = []
    for name, text in unique((result["data"]["name"], result["text"]) for result in results):
        group = [r for r in results if (r["data"]["name"], r["text"]) == (name, text)]
        group.sort(key=lambda result: result["seed"])
        rows = [
            [what, *(_mean([result["methods"][method][metric] for result in group]) for metric in _METRICS)]
            for method, what in METHODS.items()
        ]
        ratios = []
        for method in ("added", "added, neighbours given"):
            times = [r["methods"][method]["R@10 unseen"] / r["methods"]["text"]["R@10 unseen"] for r in group]
            by_seed = ", ".join(f"{value:.1f}" for value in times)
            ratios.append(f"{METHODS[method]}: {statistics.fmean(times):.1f} times (by seed {by_seed})")
        seeds = ",".join(str(result["seed"]) for result in group)
        command = unique(
            result["command"].replace(f"--seeds {result['seed']} ", f"--seeds {seeds} ") for result in group
        )
        parts += [
            f"## Labels added without training: {name}, {NAMES[text]}",
            f"{group[0]['sizes']['hidden']:,} of {group[0]['sizes']['labels']:,} labels are hidden from training, "
            "then added to the model; the named neighbours are the labels that each occurs with most in the "
            "training documents. Percent, mean over seeds ± standard deviation. *unseen*: hidden labels; *label*: "
            "each label counts once; *unseen in top 10*: their share of what is answered.",
            table(["method", *_METRICS], rows),
            f"Recall@10 of hidden labels against matching of label texts: {'; '.join(ratios)}.",
            *(f"Note: {note}." for note in unique(result["note"] for result in group if "note" in result)),
            "Measured by:",
            console(command),
        ]
    return parts


def _mean(values: Sequence[float]) -> str:
    shown = f"{statistics.fmean(values):.1f}"
    return f"{shown} ± {statistics.stdev(values):.1f}" if len(values) > 1 else shown
