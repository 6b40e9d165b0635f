"""What ``log.jsonl`` holds, for TensorBoard."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from .callback import Callback
from .json_log import JsonLog

# Of a line of the log: what is no metric of the validation documents.
_OF_TRAINING = ("loss", "learning_rate", "seconds")


class TensorBoardLog(Callback):
    """Writes event files: a folder for each phase of each instance, a step an epoch; and one for the result.

    Phases have ``train/loss``, ``train/learning_rate``, ``train/seconds`` and ``validation/P@1`` and so on, in
    folders such as ``ranker-1-of-2``; ``result`` has ``test/P@1`` and so on, and ``seconds/graph`` and so on.

    The events of a phase that goes on are written anew from its lines in the log: they hold the same epochs, each
    once, however often the run was interrupted.

    Args:
        folder: for the folders of phases.
        log: is told of everything first.

    Raises:
        ImportError: without the package ``tensorboard``.
    """

    def __init__(self, folder: str | Path, log: JsonLog) -> None:
        self.folder = Path(folder)
        self.log = log
        self._make_writer = summary_writer()
        self._writer: Any = None

    def on_phase_start(self, phase: str, epochs: int, documents: int, epoch: int) -> None:
        """Writes the epochs that are trained already."""
        self._open(phase.replace("/", "-of-").replace(" ", "-"))
        for record in self.log.records(phase):
            self._add(record)
        self._writer.flush()

    def on_epoch_end(self, record: dict[str, Any]) -> None:
        """Writes the epoch; a run that is killed afterwards has it on disk."""
        self._add(record)
        self._writer.flush()

    def on_phase_end(self, phase: str) -> None:
        """Closes the file."""
        self._writer.close()

    def on_run_end(self, metrics: dict[str, Any]) -> None:
        """Writes the metrics of the test documents, and the seconds of all that was timed."""
        self._open("result")
        shown = {f"test/{name}": value for name, value in metrics.items() if "@" in name}
        shown |= {f"seconds/{name}": value for name, value in metrics["train_seconds"].items()}
        for tag, value in shown.items():
            self._writer.add_scalar(tag, value, 0)
        self._writer.close()

    def _open(self, name: str) -> None:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        self._writer = self._make_writer(str(folder))

    def _add(self, record: dict[str, Any]) -> None:
        for name, value in record.items():
            if name not in ("phase", "epoch"):
                group = "train" if name in _OF_TRAINING else "validation"
                self._writer.add_scalar(f"{group}/{name}", value, record["epoch"])


def summary_writer() -> Any:
    """The class that writes event files.

    Raises:
        ImportError: without the package ``tensorboard``.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ImportError(
            "log=tensorboard needs the package 'tensorboard': pip install 'xcgraph[tensorboard]'",
            name="tensorboard",
        ) from error
    return SummaryWriter
