"""A line of json for each epoch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .callback import Callback


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

    def records(self, phase: str) -> list[dict[str, Any]]:
        """The lines of a phase so far."""
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [record for record in map(json.loads, lines) if record["phase"] == phase]
