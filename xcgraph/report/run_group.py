"""Runs on the same data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from xcgraph.data import LFDataset

from .finished_run import FinishedRun
from .other_result import OtherResult


@dataclass
class RunGroup:
    """Runs on one data set and one choice of texts, and what they stand beside.

    Args:
        runs: at least one.
        text: ``"all"`` or ``"title"``; ``None`` where the runs do not say.
        data: the data set, if it is here.
        missing: why it is not.
        texts: of the chosen test documents, where the data set has texts.
        others: other methods on the same data.
    """

    runs: list[FinishedRun]
    text: str | None = None
    data: LFDataset | None = None
    missing: str = ""
    texts: list[str] | None = None
    others: list[OtherResult] = field(default_factory=list)

    @property
    def sizes(self) -> dict[str, Any]:
        """Name and counts of the data set."""
        return dict(self.runs[0].metrics["data"])

    @property
    def title(self) -> str:
        """The data set, and what was read of it."""
        told = {"title": ", titles", "all": ", all text"}.get(self.text or "", "")
        return f"{self.sizes['name']}{told}"

    def measures(self, other: OtherResult) -> bool:
        """Whether another method was measured on the same data."""
        if other.sizes:
            return _key(other.sizes) == _key(self.sizes)
        return other.data == self.sizes["name"] and self.text in (None, other.text)


def group_runs(runs: Iterable[tuple[FinishedRun, str | None]]) -> list[RunGroup]:
    """Puts runs together whose data sets have the same counts of documents, labels, features, pairs and tokens.

    Args:
        runs: each with the texts that its command asked for, ``"all"``, ``"title"`` or ``None``.
    """
    groups: dict[tuple, RunGroup] = {}
    for run, text in runs:
        group = groups.setdefault(_key(run.metrics["data"]), RunGroup([]))
        group.runs.append(run)
        group.text = group.text or text
    return list(groups.values())


def _key(sizes: dict[str, Any]) -> tuple:
    # One set may have a name in the registry and another as a folder.
    return tuple(sorted((key, str(value)) for key, value in sizes.items() if key != "name"))
