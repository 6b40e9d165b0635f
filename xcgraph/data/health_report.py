"""The state of a data folder in numbers, and what is worth a look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .finding import Finding


@dataclass(frozen=True)
class HealthReport:
    """What :func:`~xcgraph.data.examine_folder` says of a folder that could be read.

    Args:
        train: training documents, those without labels left out.
        test: test documents.
        labels: labels.
        labels_per_document: ``mean``, ``median`` and ``max`` of ``train`` and of ``test`` documents.
        filter_pairs: in the filter files, of ``train`` and ``test`` documents.
        deciles: labels by training frequency in ten groups of equally many (fewer where there are fewer labels),
            the rarest first: ``decile``, ``labels``, ``min_frequency``, ``max_frequency``, ``positives`` (test
            pairs).
        findings: what is worth a look, with what to do.
    """

    train: int
    test: int
    labels: int
    labels_per_document: dict[str, dict[str, float]]
    filter_pairs: dict[str, int]
    deciles: list[dict[str, Any]]
    findings: list[Finding]
