"""Whether a run fits a machine, and what would make it fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xcgraph.training.settings import Settings

from .machine import Machine
from .problem_size import ProblemSize
from .run_plan import RunPlan

# Predictions are within a quarter of what is measured: what is predicted to fit exactly may not.
_DISK_MARGIN = 1.05


@dataclass(frozen=True)
class Verdict:
    """The judgement of a run before it starts.

    Args:
        memory: predicted need, bytes.
        disk: predicted need, bytes.
        machine: what there is.
        proposal: settings that would fit, changed ones alone; empty where the run fits, ``None`` where no change
            that is known here is enough.
    """

    memory: float
    disk: float
    machine: Machine
    proposal: dict[str, Any] | None

    @classmethod
    def of(cls, size: ProblemSize, settings: Settings, model: str, recipe: str, machine: Machine) -> Verdict:
        """Judges a run."""
        plan = RunPlan(size, settings, model, recipe)
        memory, disk = max(plan.memory().values()), sum(plan.disk().values())
        verdict = cls(memory, disk, machine, {})
        if verdict.fits:
            return verdict
        for changes in _changes(plan):
            other = RunPlan(size, settings.updated(changes), model, recipe)
            found = cls(max(other.memory().values()), sum(other.disk().values()), machine, {})
            if found.fits:
                return cls(memory, disk, machine, changes)
        return cls(memory, disk, machine, None)

    @property
    def fits(self) -> bool:
        """Whether memory and disk are enough."""
        return self.memory <= self.machine.memory and self.disk * _DISK_MARGIN <= self.machine.disk

    def refusal(self) -> str:
        """One line for the user: what is missing, and what to do."""
        short = []
        if self.memory > self.machine.memory:
            short.append(f"about {_gb(self.memory)} of memory, of which {_gb(self.machine.memory)} are free")
        if self.disk * _DISK_MARGIN > self.machine.disk:
            short.append(f"about {_gb(self.disk)} of disk, of which {_gb(self.machine.disk)} are free")
        if self.proposal:
            advice = "this would fit: " + " ".join(f"--set {key}={value}" for key, value in self.proposal.items())
        else:
            advice = "no change of settings is known that would fit: take a larger machine or fewer labels"
        return f"the run needs {' and '.join(short)}; {advice}"


def _changes(plan: RunPlan) -> Iterator[dict[str, Any]]:
    """Changes of settings that need less, from those that cost the least accuracy on."""
    settings = plan.settings
    changes: dict[str, Any] = {}
    if settings.optimizer_state == "full":
        changes["optimizer_state"] = "rowwise"
        yield dict(changes)
    if settings.num_hops and plan.frozen and settings.frozen_hops == "memory":
        changes["frozen_hops"] = "disk"
        yield dict(changes)
    elif settings.num_hops and settings.hops in ("auto", "stale"):
        changes["hops"] = "sampled"
        yield dict(changes)
    # Where the recipe grew the batch to bound the steps of an epoch, the block of scores grew with it.
    batch = settings.batch_size
    while batch > 256:
        batch //= 2
        yield changes | {"batch_size": batch, "epoch_steps": 10**9}
    changes |= {"batch_size": batch, "epoch_steps": 10**9}
    for dim in (512, 384, 256, 192, 128, 96, 64, 32):
        if dim < settings.dim:
            yield changes | {"dim": dim}


def _gb(amount: float) -> str:
    return f"{amount / 1e9:,.1f} GB"
