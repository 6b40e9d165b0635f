"""What is shown of a method beside others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from xcgraph.datasets import PublishedResult

METRICS = ("P@1", "P@3", "P@5", "PSP@1", "PSP@3", "PSP@5", "R@100")
"""Percent; more is better."""

COSTS = ("train s", "peak MB", "model MB", "query ms", "batch ms")
"""Less is better; of a query, the median."""

COLUMNS = (*METRICS, *COSTS)
"""All columns of a comparison, in the order in which they are shown."""


@dataclass(frozen=True)
class Row:
    """One method.

    Args:
        name: how it is shown.
        kind: of this package, a peer, or a row of a published table.
        values: by :data:`COLUMNS`; what is not known is absent or None.
        command: what gives this row alone.
        source: of a published row.
    """

    name: str
    kind: Literal["model", "peer", "published"]
    values: Mapping[str, float | None]
    command: str = ""
    source: str = ""

    @classmethod
    def measured(cls, name: str, kind: Literal["model", "peer"], metrics: Mapping[str, Any]) -> Row:
        """From a ``metrics.json``, with ``query_ms`` and ``model_bytes``."""
        size, query = metrics.get("model_bytes"), metrics.get("query_ms")
        costs = (
            metrics["train_seconds"].get("total"),
            metrics.get("peak_rss_mb"),
            None if size is None else size / 1e6,
            None if query is None else query["p50"],
            metrics.get("predict_ms_batch"),
        )
        # A run of an older version may lack a metric; of no test documents, metrics are no numbers.
        values = {**{key: metrics.get(key) for key in METRICS}, **dict(zip(COSTS, costs, strict=True))}
        values = {key: None if value is None or value != value else value for key, value in values.items()}
        return cls(name, kind, values, metrics.get("command", ""))

    @classmethod
    def published(cls, found: PublishedResult) -> Row:
        """From a published table."""
        values: dict[str, float | None] = dict(found.metrics)
        if found.train_hours is not None:
            values["train s"] = 3600 * found.train_hours
        if found.size_gb is not None:
            values["model MB"] = 1000 * found.size_gb
        source = ", ".join(filter(None, (found.source, found.hardware, found.note)))
        return cls(f"{found.method} (published)", "published", values, source=source)

    def get(self, column: str) -> float | None:
        """The value of a column, or None."""
        return self.values.get(column)
