"""All that a report shows, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xcgraph

from .document_table import chosen_rows, document_table
from .label_distributions import label_distributions
from .run_group import RunGroup
from .summary import summary
from .training_curves import training_curves


def build_report(groups: Sequence[RunGroup], documents: int = 200) -> dict[str, Any]:
    """Gathers what a page shows; :func:`render_report` makes the page.

    Args:
        groups: of runs, each with its data set where that is here.
        documents: test documents of each group to show, those of :func:`chosen_rows`; 0 for none.

    Returns:
        ``version``, and ``groups``: ``title``, ``sizes``, ``missing``, ``summary``, ``runs`` (``name``, ``facts``,
        ``settings``, ``curves``), ``metrics`` (all metrics by run), ``distributions``, ``documents`` (``None``
        without the data set).

    Raises:
        DataError, ValueError: if a file of a run is damaged.
    """
    return {"version": xcgraph.__version__, "groups": [_group(group, documents) for group in groups]}


def _group(group: RunGroup, documents: int) -> dict[str, Any]:
    rows = chosen_rows(group.sizes["test_documents"], documents)
    shown = None if group.data is None or not rows else document_table(group, rows)
    return {
        "title": group.title,
        "sizes": group.sizes,
        "missing": group.missing,
        "summary": summary(group),
        "runs": [
            {
                "name": run.name,
                "facts": _facts(run.metrics),
                "settings": run.metrics["settings"],
                "curves": training_curves(run),
            }
            for run in group.runs
        ],
        "metrics": _all_metrics(group),
        "distributions": label_distributions(group),
        "documents": shown,
    }


def _facts(metrics: dict[str, Any]) -> dict[str, str]:
    """What else there is to know of a run: name and text of each."""
    seconds = ", ".join(f"{phase} {value:,.1f}" for phase, value in metrics["train_seconds"].items())
    versions = ", ".join(f"{name} {value}" for name, value in metrics["versions"].items())
    facts = {
        "command": metrics.get("command") or "",
        "recipe": metrics.get("recipe"),
        "seed": metrics.get("seed"),
        "device": metrics.get("device"),
        "threads": metrics.get("threads"),
        "scoring": metrics.get("scoring"),
        "seconds of training": seconds,
        "versions": versions,
    }
    return {name: str(value) for name, value in facts.items() if value not in (None, "")}


def _all_metrics(group: RunGroup) -> dict[str, Any]:
    """A row a metric, a column a run."""
    names = [name for name in group.runs[0].metrics if "@" in name]
    return {
        "header": ["percent", *(run.name for run in group.runs)],
        "rows": [[name, *(run.metrics.get(name) for run in group.runs)] for name in names],
    }
