"""What others have published on the sets of the Extreme Classification Repository."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .registry import find_dataset

_FILE = Path(__file__).parent / "published.json"


@dataclass(frozen=True)
class PublishedResult:
    """A row of a published table: other hardware, maybe other features, the same test documents.

    Values that are printed wrong where they come from are left out, and ``note`` says so.

    Args:
        method: its name.
        metrics: ``P@1``, ``P@3``, ``P@5``, ``PSP@1``, ``PSP@3``, ``PSP@5`` in percent; those that are told.
        size_gb: of the model, GB of 10^9 bytes.
        train_hours: of training.
        hardware: that it was trained on.
        source: where the numbers are printed.
        note: what else there is to know.
    """

    method: str
    metrics: dict[str, float]
    size_gb: float | None
    train_hours: float | None
    hardware: str | None
    source: str
    note: str = ""


def published_results(name: str) -> list[PublishedResult]:
    """Published results on a data set, best P@1 first; none for sets that this package builds.

    Args:
        name: a name of :data:`DATASETS`, upper or lower case.

    Raises:
        ValueError: if there is no data set of that name.
    """
    rows = json.loads(_FILE.read_text(encoding="utf-8")).get(find_dataset(name).name, [])
    return [
        PublishedResult(
            metrics={key: row.pop(key) for key in list(row) if "@" in key and row[key] is not None},
            **{key: value for key, value in row.items() if "@" not in key},
        )
        for row in rows
    ]
