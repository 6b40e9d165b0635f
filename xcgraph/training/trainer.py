"""Runs one phase to its end: epochs, validation, early stopping, checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from .callbacks import Callback
from .checkpoint import CheckpointStore
from .phase import Phase
from .validation import Ranker, Validator

_BEST = "best."


class Trainer:
    """Trains a phase, keeping the weights of the best epoch where there is a validation split.

    After each epoch everything needed to go on is on disk; calling :meth:`fit` again with the same folder goes on
    from there, and ends with the weights that an uninterrupted run would have.

    Args:
        folder: of checkpoints; ``None`` for none.
        callbacks: see :class:`~xcgraph.training.callbacks.Callback`.
        validator: evaluates after each epoch; ``None`` for none, and then the last epoch's weights stay.
        patience: stop after so many epochs without a better validation score.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        callbacks: Sequence[Callback] = (),
        validator: Validator | None = None,
        patience: int = 3,
    ) -> None:
        self.store = CheckpointStore(folder) if folder is not None else None
        self.callbacks = callbacks
        self.validator = validator
        self.patience = patience

    def fit(
        self, phase: Phase, num_epochs: int, make_ranker: Callable[[], Ranker] | None = None
    ) -> dict[str, Any]:
        """Trains for up to ``num_epochs`` epochs.

        Args:
            phase: the phase; its model holds the result afterwards.
            num_epochs: at most.
            make_ranker: the model of now as a ranker, for validation.

        Returns:
            ``{"epochs": trained, "best_epoch": ..., "best": metrics or {}, "seconds": ...}``.
        """
        progress: dict[str, Any] = {"best_epoch": 0, "best": {}, "done": False}
        best: dict[str, Tensor] = {}
        saved = self.store.load() if self.store is not None else None
        if saved is not None:
            tensors, meta = saved
            best = {k[len(_BEST) :]: v for k, v in tensors.items() if k.startswith(_BEST)}
            progress = meta["progress"]
            phase.load_state({k: v for k, v in tensors.items() if not k.startswith(_BEST)}, meta["phase"])
        validate = self.validator is not None and make_ranker is not None
        for callback in self.callbacks:
            callback.on_phase_start(phase.label, num_epochs, phase.num_documents, phase.epoch)
        while not progress["done"]:
            loss = phase.train_epoch(self._on_step)
            record: dict[str, Any] = {"phase": phase.label, "epoch": phase.epoch, "loss": loss}
            record["learning_rate"] = phase.learning_rate
            if validate:
                assert self.validator is not None and make_ranker is not None
                start = time.perf_counter()
                metrics = self.validator(make_ranker())
                phase.seconds += time.perf_counter() - start
                record |= metrics
                if metrics["score"] > progress["best"].get("score", -1.0):
                    progress |= {"best": metrics, "best_epoch": phase.epoch}
                    best = {k: v.detach().clone() for k, v in phase.model.state_dict().items()}
            record["seconds"] = phase.seconds
            stale = validate and phase.epoch - progress["best_epoch"] >= self.patience
            progress["done"] = phase.epoch >= num_epochs or stale
            if progress["done"] and best:
                phase.model.load_state_dict(best)
            # Told before it is saved: a run killed in between trains the epoch again and tells it again, which a
            # log can take back; the other way round, the epoch would never be told.
            for callback in self.callbacks:
                callback.on_epoch_end(record)
            self._save(phase, progress, best)
        for callback in self.callbacks:
            callback.on_phase_end(phase.label)
        return {
            "epochs": phase.epoch,
            "best_epoch": progress["best_epoch"] or phase.epoch,
            "best": progress["best"],
            "seconds": phase.seconds,
        }

    def _on_step(self, done: int, total: Tensor) -> None:
        # Stays on the device: to read it here would wait for every single step of a GPU.
        mean = total / done
        for callback in self.callbacks:
            callback.on_step(done, mean)

    def _save(self, phase: Phase, progress: dict[str, Any], best: dict[str, Tensor]) -> None:
        if self.store is None:
            return
        tensors, meta = phase.state()
        if progress["done"]:  # the moments of the optimisers have served
            tensors = {k: v for k, v in tensors.items() if k.startswith("model.")}
        else:
            tensors |= {_BEST + k: v for k, v in best.items()}
        self.store.save(tensors, {"phase": meta, "progress": progress})
