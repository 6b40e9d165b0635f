"""Which phases a run has, and for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .settings import Settings

MODULES = ("surrogate", "shortlister", "ranker")
"""Phases where labels are shortlisted; where all are scored, the last alone."""


@dataclass(frozen=True)
class PlannedPhase:
    """A phase that a run has, or will have.

    Args:
        name: ``"ranker"``, say; phases of one name do the same work in different instances.
        label: how it is shown and logged, ``"ranker 1/2"``.
        epochs: at most.
        documents: an epoch; the first instance has fewer, by those that it validates on.
    """

    name: str
    label: str
    epochs: int
    documents: int


def plan_phases(settings: Settings, recipe: str, scoring: str, num_documents: int) -> list[PlannedPhase]:
    """The phases of a run in order.

    Args:
        settings: as the run has them, fitted to its data.
        recipe: ``"default"`` or ``"paper"``.
        scoring: ``"all"`` or ``"shortlist"``.
        num_documents: N of training documents.
    """
    return [
        PlannedPhase(
            name,
            phase_label(name, number, settings.instances),
            num_epochs(name, settings, recipe, num_documents),
            num_documents,
        )
        for number in range(settings.instances)
        for name in (MODULES if scoring == "shortlist" else MODULES[-1:])
    ]


def phase_label(name: str, number: int, instances: int) -> str:
    """How a phase of instance ``number``, from 0, is shown."""
    return name if instances == 1 else f"{name} {number + 1}/{instances}"


def num_epochs(name: str, settings: Settings, recipe: str, num_documents: int) -> int:
    """Epochs of a phase, at most.

    The ranker of the default recipe gets the usual number, unless that makes too few or too many steps.
    """
    if name == "surrogate":
        return settings.surrogate_epochs
    if name == "shortlister":
        return settings.shortlister_epochs
    if recipe == "paper":
        return settings.ranker_epochs
    steps = max(1, math.ceil(num_documents / settings.batch_size))
    wanted = max(settings.epochs, math.ceil(settings.min_steps / steps))
    wanted = min(wanted, max(settings.min_epochs, settings.max_steps // steps))
    return min(wanted, settings.max_epochs)
