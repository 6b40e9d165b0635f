"""Training state on disk: folders of safetensors and json, complete or absent, never pickle."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from xcgraph.inference.stored_tensors import storable

from .row_adam import RowAdam


class CheckpointStore:
    """Keeps the newest training state of a run under ``folder``.

    A state is written to a temporary name and renamed when it is complete, and the one before it is deleted only
    then: a process killed at any moment leaves a state that :meth:`load` can read.

    Args:
        folder: made when the first state is saved.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def _saved(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(
            p for p in self.folder.iterdir() if p.is_dir() and p.name.startswith("state-") and p.suffix == ""
        )

    def save(self, tensors: dict[str, Tensor], meta: dict[str, Any]) -> None:
        """Stores ``tensors`` (any device, any shape) and ``meta`` (json values) as the newest state."""
        self.folder.mkdir(parents=True, exist_ok=True)
        old = self._saved()
        number = int(old[-1].name.split("-")[1]) + 1 if old else 0
        target = self.folder / f"state-{number:08d}"
        temporary = target.with_suffix(".tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        save_file(storable(tensors), temporary / "tensors.safetensors")
        (temporary / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
        os.rename(temporary, target)
        for path in old:
            shutil.rmtree(path, ignore_errors=True)

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """The newest complete state as ``(tensors, meta)``, or ``None`` where there is none."""
        saved = self._saved()
        if not saved:
            return None
        meta = json.loads((saved[-1] / "meta.json").read_text(encoding="utf-8"))
        return load_file(saved[-1] / "tensors.safetensors"), meta

    def clear(self) -> None:
        """Deletes all states."""
        shutil.rmtree(self.folder, ignore_errors=True)


def optimizer_tensors(optimizer: torch.optim.Optimizer, prefix: str) -> dict[str, Tensor]:
    """The state of an optimiser as named tensors: ``{prefix}.{parameter number}.{name of the moment}``."""
    state = {}
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for number, parameter in enumerate(parameters):
        for name, value in optimizer.state.get(parameter, {}).items():
            state[f"{prefix}.{number}.{name}"] = torch.as_tensor(value)
    return state


def load_optimizer_tensors(optimizer: torch.optim.Optimizer, prefix: str, tensors: dict[str, Tensor]) -> None:
    """Puts back what :func:`optimizer_tensors` gave; the parameters must be in the same order."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for number, parameter in enumerate(parameters):
        start = f"{prefix}.{number}."
        moments: dict[str, Any] = {k[len(start) :]: v for k, v in tensors.items() if k.startswith(start)}
        for name, value in moments.items():
            # RowAdam counts its steps in a plain integer, Adam in a tensor.
            is_count = name == "step" and isinstance(optimizer, RowAdam)
            moments[name] = int(value) if is_count else value.to(parameter.device)
        if moments:
            optimizer.state[parameter] = moments
