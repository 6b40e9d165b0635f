"""What a run tells the outside while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from xcgraph.training.planned_phase import PlannedPhase


class Callback:
    """Called by a run and its trainers; every method does nothing unless a sub-class says otherwise."""

    def on_run_start(self, phases: Sequence[PlannedPhase]) -> None:
        """A run of these phases starts, or goes on; phases that are finished already are among them."""

    def on_phase_start(self, phase: str, epochs: int, documents: int, epoch: int) -> None:
        """A phase of ``epochs`` epochs over ``documents`` documents starts, or goes on, at epoch ``epoch``."""

    def on_step(self, done: int, loss: Tensor) -> None:
        """``done`` documents of the epoch are done, at a mean loss of ``loss``.

        The loss is a scalar on the device that trains, which goes on meanwhile: ``float(loss)`` waits for it.
        """

    def on_epoch_end(self, record: dict[str, Any]) -> None:
        """An epoch is over; ``record`` is its line in ``log.jsonl``."""

    def on_phase_end(self, phase: str) -> None:
        """A phase is over."""

    def on_message(self, text: str) -> None:
        """Something worth telling happened, such as a graph that was built."""

    def on_run_end(self, metrics: dict[str, Any]) -> None:
        """The model is trained and evaluated; ``metrics`` is what ``metrics.json`` will hold."""
