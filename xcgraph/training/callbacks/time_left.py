"""How long a phase and a run will still take, by what has been seen of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .callback import Callback

if TYPE_CHECKING:
    from torch import Tensor

    from xcgraph.training.planned_phase import PlannedPhase

# Epochs whose mean the next ones are expected to take: the first ones of a phase may be slower than the rest.
_RECENT = 3


class TimeLeft(Callback):
    """Estimates the time left from epochs and steps that are done.

    An epoch counts with its validation, and is expected to take what the last ones took; within the first, what
    its steps so far say. A phase that has not begun is expected to take what an earlier one of its name took, with
    what came before that (graph, clusters, shortlists). Phases count with all their epochs: where validation ends
    them early, less is left than estimated. What comes after the last phase is not in it.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._ahead: list[PlannedPhase] | None = None
        self._name = ""
        self._epochs = self._epoch = self._done = 0
        self._documents = 1
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._since = clock()
        # By name: seconds a document of an epoch, and seconds from the end of the phase before to the start.
        self._rate: dict[str, float] = {}
        self._pause: dict[str, float] = {}

    def on_run_start(self, phases: Sequence[PlannedPhase]) -> None:
        """Learns what there is to come."""
        self._ahead, self._since = list(phases), self.clock()

    def on_phase_start(self, phase: str, epochs: int, documents: int, epoch: int) -> None:
        """Starts to count."""
        now = self.clock()
        self._name = phase
        labels = [planned.label for planned in self._ahead or ()]
        if self._ahead is not None and phase in labels:
            place = labels.index(phase)
            self._name, self._ahead = self._ahead[place].name, self._ahead[place + 1 :]
        self._pause.setdefault(self._name, now - self._since)
        self._epochs, self._documents, self._epoch, self._done = epochs, max(1, documents), epoch, 0
        self._recent.clear()
        self._since = now

    def on_step(self, done: int, loss: Tensor) -> None:
        """Counts documents."""
        self._done = done

    def on_epoch_end(self, record: dict[str, Any]) -> None:
        """Counts the epoch."""
        now = self.clock()
        self._recent.append(now - self._since)
        self._epoch, self._done, self._since = record["epoch"], 0, now

    def on_phase_end(self, phase: str) -> None:
        """Remembers how long it took."""
        pace = self._pace()
        if pace is not None:
            self._rate[self._name] = pace
        self._epoch, self._since = self._epochs, self.clock()

    def of_phase(self) -> float | None:
        """Seconds left of the phase; ``None`` where nothing is known of its pace."""
        epochs = self._epochs - self._epoch
        pace = self._pace()
        if not epochs:
            return 0.0
        return None if pace is None else pace * (epochs * self._documents - self._done)

    def of_run(self) -> float | None:
        """Seconds left of all phases; ``None`` where nothing is known of what there is to come, or of its pace."""
        left = self.of_phase()
        if left is None or self._ahead is None:
            return None
        for phase in self._ahead:
            pace = self._pace() if phase.name == self._name else self._rate.get(phase.name)
            if pace is None:
                return None
            left += phase.epochs * phase.documents * pace + self._pause.get(phase.name, 0.0)
        return left

    def _pace(self) -> float | None:
        """Seconds a document of the phase."""
        if self._recent:
            return sum(self._recent) / len(self._recent) / self._documents
        if self._done:
            return (self.clock() - self._since) / self._done
        return self._rate.get(self._name)
