"""A model in memory, and which one it is."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import torch

from xcgraph.inference import Predictor

from .label_search import LabelSearch


@dataclass(frozen=True)
class ServedModel:
    """What answers requests until another one does; never changed.

    Args:
        predictor: serves any number of threads.
        labels: finds its labels.
        version: of the model: the first 12 hex digits of the SHA-256 of its ``config.json``, which holds the
            checksums of all other files.
        loaded_at: when.
        unexplained: why its scores cannot be explained, or ``None`` if they can.
    """

    predictor: Predictor
    labels: LabelSearch
    version: str
    loaded_at: datetime
    unexplained: str | None = None

    @classmethod
    def load(cls, folder: str | os.PathLike[str], device: torch.device | str = "cpu") -> ServedModel:
        """Reads a model folder, and lets it answer once.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if it cannot be read, or another one took its place meanwhile.
        """
        folder = Path(folder).resolve()  # a link may be set to another folder while this one is read
        version = _version(folder)
        predictor = Predictor.load(folder, device)
        if _version(folder) != version:
            raise ValueError(f"{folder}: it was replaced while it was read; load it again")
        # Loops are compiled at first use; and a model that cannot answer should be found out here.
        predictor.predict(["warm up"], 1)
        return cls(
            predictor,
            LabelSearch(predictor.label_uids, predictor.label_titles),
            version,
            datetime.now(timezone.utc),
            _unexplained(predictor),
        )

    @property
    def num_labels(self) -> int:
        """L."""
        return len(self.predictor.label_uids)


def _version(folder: Path) -> str:
    """Empty where there is no ``config.json``; the reader of models says so better."""
    config = folder / "config.json"
    return hashlib.sha256(config.read_bytes()).hexdigest()[:12] if config.is_file() else ""


def _unexplained(predictor: Predictor) -> str | None:
    try:
        predictor.explain("warm up", 1)
    except ValueError as error:
        return str(error)
    return None
