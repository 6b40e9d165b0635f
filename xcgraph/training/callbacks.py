"""What a run tells the outside while it trains."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm


class Callback:
    """Called by the trainer; every method does nothing unless a sub-class says otherwise."""

    def on_phase_start(self, phase: str, epochs: int, documents: int, epoch: int) -> None:
        """A phase of ``epochs`` epochs over ``documents`` documents starts, or goes on, at epoch ``epoch``."""

    def on_step(self, done: int, loss: float) -> None:
        """``done`` documents of the epoch are done, at a mean loss of ``loss``."""

    def on_epoch_end(self, record: dict[str, Any]) -> None:
        """An epoch is over; ``record`` is its line in ``log.jsonl``."""

    def on_phase_end(self, phase: str) -> None:
        """A phase is over."""

    def on_message(self, text: str) -> None:
        """Something worth telling happened, such as a graph that was built."""


class JsonLog(Callback):
    """Appends one json line an epoch to a file, and takes back lines of epochs that will be trained again.

    Args:
        path: the file.
        resume: keep what the file holds.
    """

    def __init__(self, path: str | Path, resume: bool = False) -> None:
        self.path = Path(path)
        if not resume or not self.path.exists():
            self.path.write_text("", encoding="utf-8")

    def on_phase_start(self, phase: str, epochs: int, documents: int, epoch: int) -> None:
        """Drops lines of this phase from epoch ``epoch`` on: a killed run may have written one too many."""
        lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = []
        for line in lines:
            try:
                record = json.loads(line)
            except json.JSONDecodeError:  # the kill came within the line
                continue
            if record.get("phase") != phase or record["epoch"] <= epoch:
                kept.append(line)
        if len(kept) < len(lines):
            temporary = self.path.with_name(self.path.name + ".tmp")
            temporary.write_text("".join(kept), encoding="utf-8")
            os.replace(temporary, self.path)

    def on_epoch_end(self, record: dict[str, Any]) -> None:
        """Writes the line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


class ProgressBar(Callback):
    """Phase, epoch, loss, validation metrics and time left on stderr: a bar on a terminal, else lines."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._live = sys.stderr.isatty()
        self._label = ""
        self._epochs = 0
        self._documents = 0
        self._epoch = 0
        self._note = ""

    def on_phase_start(self, phase: str, epochs: int, documents: int, epoch: int) -> None:
        """Opens a bar over all documents of all epochs."""
        self._label, self._epochs, self._documents, self._epoch, self._note = phase, epochs, documents, epoch, ""
        if self._live:
            self._bar = tqdm(
                total=epochs * documents, initial=epoch * documents, desc=phase, unit="doc", leave=True
            )

    def on_step(self, done: int, loss: float) -> None:
        """Moves the bar."""
        if self._bar is not None:
            self._bar.n = self._epoch * self._documents + done
            self._bar.set_description(f"{self._label} epoch {self._epoch + 1}/{self._epochs}", refresh=False)
            self._bar.set_postfix_str(f"loss {loss:.3f}{self._note}", refresh=False)
            self._bar.update(0)
            self._bar.refresh()

    def on_epoch_end(self, record: dict[str, Any]) -> None:
        """Shows validation metrics from now on."""
        self._epoch = record["epoch"]
        shown = [f"{name} {record[name]:.2f}" for name in ("P@1", "PSP@5") if name in record]
        self._note = ", validation " + ", ".join(shown) if shown else ""
        if not self._live:
            text = f"{self._label} epoch {self._epoch}/{self._epochs}: loss {record['loss']:.3f}{self._note}"
            self.on_message(f"{text} ({record['seconds']:.0f} s)")

    def on_phase_end(self, phase: str) -> None:
        """Closes the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def on_message(self, text: str) -> None:
        """Writes a line, above the bar if there is one."""
        tqdm.write(text, file=sys.stderr)
