"""From a data set to trained rankers: which phases a recipe runs, and how each starts."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from xcgraph.data import LFDataset, select_filter_rows
from xcgraph.inference import EnsembleRanker, LabelRanker
from xcgraph.metrics import Evaluator
from xcgraph.shortlist import (
    choose_scoring,
)
from xcgraph.sparse import CSR

from .callbacks import Callback
from .instance import InstanceTrainer, TrainingSplit
from .seeds import derive_seed
from .settings import Settings
from .validation import Validator

logger = logging.getLogger(__name__)


class Pipeline:
    """Trains the instances of a model as a recipe says.

    The ``default`` recipe scores all labels where that is cheap (:func:`~xcgraph.shortlist.choose_scoring`): one
    phase trains the whole model, token embeddings included, each step against the labels of its documents and a
    uniform sample of the others. Label biases start at the log-odds of their labels' frequencies, refinement
    vectors at the mean of their documents' embeddings. For larger label sets the papers' modules come first:

    * module I, ``surrogate``: labels are clustered by the tokens of their documents; the model learns token
      embeddings by predicting clusters (meta-labels);
    * module II, ``shortlister``: labels are clustered anew by embeddings; a model with refinement vectors learns
      to predict those clusters;
    * module III: refinement vectors and shortlists of the training documents;
    * module IV, ``ranker``: the model learns labels against those shortlists.

    The ``paper`` recipe always runs the four, with the papers' schedules, initialisations and losses.

    Args:
        data: the data set; only its training side is looked at.
        model: ``"eclare"`` or ``"decaf"``.
        recipe: ``"default"`` or ``"paper"``.
        settings: see :class:`~xcgraph.training.settings.Settings`.
        seed: of everything random.
        device: to train on.
        checkpoints: folder for the state of the run, or ``None``.
        callbacks: told of progress.
    """

    def __init__(
        self,
        data: LFDataset,
        model: str,
        recipe: str,
        settings: Settings,
        seed: int = 0,
        device: torch.device | str = "cpu",
        checkpoints: str | Path | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.data = data
        self.model_name = model
        self.recipe = recipe
        self.settings = settings
        self.seed = seed
        self.device = torch.device(device)
        self.checkpoints = Path(checkpoints) if checkpoints is not None else None
        self.callbacks = callbacks
        #: Seconds by phase, over all instances.
        self.seconds: dict[str, float] = {}
        #: What the trainer said of each phase, by ``instance/phase``.
        self.results: dict[str, dict[str, Any]] = {}
        self.scoring = choose_scoring(
            data.num_labels, settings.dim, settings.batch_size, device=self.device, override=settings.scoring
        )
        self._label_x = CSR.from_scipy(data.label_x).to(self.device)
        self._evaluator = Evaluator(data.train_y, data.propensity)

    def fit(self) -> EnsembleRanker:
        """Trains all instances (or what a resumed run has left to do)."""
        members = [self._fit_instance(instance) for instance in range(self.settings.instances)]
        return EnsembleRanker(members)

    def _fit_instance(self, instance: int) -> LabelRanker:
        data, settings = self.data, self.settings
        fit_rows, val_rows = np.arange(data.train_x.shape[0]), np.arange(0)
        if settings.validation_fraction > 0:
            # Instances set different documents aside, so that together they learn from all.
            fit_rows, val_rows = data.split_validation(
                settings.validation_fraction,
                settings.validation_documents,
                seed=derive_seed(self.seed, "split", instance),
            )
        split = TrainingSplit(
            CSR.from_scipy(data.train_x[fit_rows]).to(self.device),
            CSR.from_scipy(data.train_y[fit_rows]).to(self.device),
        )
        validator = None
        if len(val_rows):
            validator = Validator(
                CSR.from_scipy(data.train_x[val_rows]).to(self.device),
                data.train_y[val_rows],
                self._evaluator,
                select_filter_rows(data.train_filter, val_rows),
            )
        part = InstanceTrainer(self, instance, split, validator, data.train_x[fit_rows], data.train_y[fit_rows])
        return part.fit_all_labels() if self.scoring == "all" else part.fit_modules()

    def timed(self, name: str) -> _Timer:
        """Adds the time of a ``with`` block to :attr:`seconds`."""
        return _Timer(self.seconds, name)

    def tell(self, text: str) -> None:
        """Passes a message to the callbacks."""
        for callback in self.callbacks:
            callback.on_message(text)


class _Timer:
    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self.seconds = seconds
        self.name = name

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds[self.name] = self.seconds.get(self.name, 0.0) + time.perf_counter() - self.start
