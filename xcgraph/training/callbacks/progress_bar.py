"""Progress on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from .callback import Callback
from .time_left import TimeLeft

if TYPE_CHECKING:
    from torch import Tensor

    from xcgraph.training.planned_phase import PlannedPhase

# The bar's own time left would not know of validation, nor of other phases. A short bar leaves room for words.
_FORMAT = "{desc}: {percentage:3.0f}%|{bar:10}| [{elapsed}{postfix}]"
# Seconds between two pictures of a bar.
_INTERVAL = 0.1


class ProgressBar(Callback):
    """Phase, epoch, loss, validation metrics and time left on stderr: a bar on a terminal, else a line an epoch.

    Args:
        clock: seconds, for the time left (:class:`TimeLeft`).
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._time = TimeLeft(clock)
        self._bar: tqdm | None = None
        self._shown = float("-inf")
        self._live = sys.stderr.isatty()
        self._label = ""
        self._epochs = 0
        self._documents = 0
        self._epoch = 0
        self._note = ""

    def on_run_start(self, phases: Sequence[PlannedPhase]) -> None:
        """Learns what there is to come."""
        self._time.on_run_start(phases)

    def on_phase_start(self, phase: str, epochs: int, documents: int, epoch: int) -> None:
        """Opens a bar over all documents of all epochs."""
        self._time.on_phase_start(phase, epochs, documents, epoch)
        self._label, self._epochs, self._documents, self._epoch, self._note = phase, epochs, documents, epoch, ""
        if self._live:
            self._bar = tqdm(
                total=epochs * documents,
                initial=epoch * documents,
                desc=phase,
                bar_format=_FORMAT,
                dynamic_ncols=True,
                file=sys.stderr,
            )

    def on_step(self, done: int, loss: Tensor) -> None:
        """Moves the bar."""
        self._time.on_step(done, loss)
        if self._bar is None:
            return
        self._bar.n = self._epoch * self._documents + done
        if done < self._documents and self._clock() - self._shown < _INTERVAL:
            return
        self._shown = self._clock()
        self._bar.set_description_str(f"{self._label} epoch {self._epoch + 1}/{self._epochs}", refresh=False)
        left = f"left {left}, " if (left := self._left()) else ""
        self._bar.set_postfix_str(f"{left}loss {float(loss):.3f}{self._note}")

    def on_epoch_end(self, record: dict[str, Any]) -> None:
        """Shows validation metrics from now on."""
        self._time.on_epoch_end(record)
        self._epoch = record["epoch"]
        shown = [f"{name} {record[name]:.2f}" for name in ("P@1", "PSP@5") if name in record]
        self._note = "".join(f", {metric}" for metric in shown)
        if not self._live:
            note = ", validation " + ", ".join(shown) if shown else ""
            text = f"{self._label} epoch {self._epoch}/{self._epochs}: loss {record['loss']:.3f}{note}"
            left = f"; left {left}" if (left := self._left()) else ""
            self.on_message(f"{text} ({record['seconds']:.0f} s{left})")

    def on_phase_end(self, phase: str) -> None:
        """Closes the bar."""
        self._time.on_phase_end(phase)
        self.close()

    def on_message(self, text: str) -> None:
        """Writes a line, above the bar if there is one."""
        tqdm.write(text, file=sys.stderr)

    def close(self) -> None:
        """Closes the bar where a phase did not end; or it would share its line with what is said of that."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _left(self) -> str:
        """``03:16`` of the phase, ``in all phases 07:20``; what is not known, or nothing, is left out."""
        phase, run = self._time.of_phase(), self._time.of_run()
        shown = [tqdm.format_interval(phase)] if phase else []
        if run and run != phase:
            shown.append(f"in all phases {tqdm.format_interval(run)}")
        return ", ".join(shown)
