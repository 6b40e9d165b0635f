"""From texts to label names."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from xcgraph.sparse import CSR, rowptr_from_counts

from .calibration import Calibration
from .edit_labels import Neighbours, add_labels, remove_labels, rename_label
from .explainer import Explainer
from .explanation import Explanation
from .folder_parts import read_config, readable
from .frozen_ensemble import FrozenEnsemble
from .frozen_index import FrozenIndex
from .frozen_model import FrozenModel
from .hit import Hit
from .label_ranker import EnsembleRanker
from .model_folder import StoredModel, load_model


class Predictor:
    """Tags texts with a trained model. One predictor serves any number of threads.

    On the CPU it answers by a :class:`FrozenIndex`, or several; a trained model is frozen in memory, which takes a
    second or so. On other devices, trained models answer by their rankers, in torch.

    Args:
        model: what :func:`~xcgraph.inference.load_model` or :meth:`FrozenModel.load` gives.

    Raises:
        ValueError: if the model was trained on features that came without texts.
    """

    def __init__(self, model: StoredModel | FrozenModel) -> None:
        if model.vectorizer is None:
            raise ValueError("this model was trained on ready-made features: it cannot read texts")
        self.vectorizer = model.vectorizer
        #: Applied to scores; ``None`` for a model without validation documents, whose scores stay as they are.
        self.calibration = Calibration.from_config(model.config)
        self.ranker: EnsembleRanker | None = None
        if isinstance(model, StoredModel):
            self.ranker = model.ranker
            if model.ranker.members[0].weight.device.type == "cpu":
                model = FrozenModel.freeze(model)
        # Replaced whole where labels come or go: who reads it once sees an index and the names that belong to it.
        self._model = model
        self._explainer: Explainer | None = None
        self._editing = threading.Lock()

    @property
    def index(self) -> FrozenIndex | FrozenEnsemble | None:
        """Answers, or ``None`` where ``ranker`` does."""
        return self._model.index if isinstance(self._model, FrozenModel) else None

    @property
    def label_uids(self) -> list[str]:
        """Names of the labels, L."""
        return self._model.label_uids

    @property
    def label_titles(self) -> list[str]:
        """Titles of the labels, L."""
        return self._model.label_titles

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], device: torch.device | str = "cpu", verify: bool = True
    ) -> Predictor:
        """Reads a model folder: ``model/`` of a finished run, or what ``freeze`` wrote.

        Args:
            folder: of the model.
            device: where a trained model computes; a frozen one does on the CPU.
            verify: compare the checksums of all files (about a second a GB); sizes are always compared.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if it cannot be read.
        """
        with readable(Path(folder)):
            frozen = read_config(Path(folder)).get("kind") == "frozen"
        return cls(FrozenModel.load(folder, verify) if frozen else load_model(folder, device, verify))

    def predict(self, texts: Sequence[str], k: int = 5, exact: bool = False) -> list[list[Hit]]:
        """The ``k`` best labels of each text.

        A text without any known token, such as an empty one, is answered by the labels' frequencies alone (their
        biases), the same for all such texts. Texts may be of any length and hold any characters: what is no
        letter or digit separates words.

        Args:
            texts: any number of texts.
            k: labels wanted a text.
            exact: score all labels, where an index has a shortlist that the model was not trained with.

        Returns:
            For each text up to ``k`` of ``(uid, title, score)``, best first; scores are probabilities, calibrated
            where the model has a :class:`Calibration`. That leaves the order as it is; scores may then be equal.

        Raises:
            ValueError: if ``k`` is not positive.
            TypeError: if ``texts`` is one string, or something else than strings.
        """
        if isinstance(texts, str):
            raise TypeError("expected a list of texts, got one string; put it in a list")
        if k <= 0:
            raise ValueError(f"'k' must be positive, got {k}")
        texts = list(texts)
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"expected texts to be strings, got {type(text).__name__}")
        model = self._model
        if isinstance(model, FrozenModel):
            ranked = (model.index.rank(*self.vectorizer.encode(text), k, exact) for text in texts)
            return [self._named(model, *row) for row in ranked]
        rows = zip(*model.ranker.predict(self._features(texts), k), strict=True)
        return [self._named(model, *row) for row in rows]

    def predict_iter(self, texts: Iterable[str], k: int = 5) -> Iterator[list[Hit]]:
        """Answers a stream: each text is taken when the answer before it has been taken. See :meth:`predict`."""
        if isinstance(texts, str):
            raise TypeError("expected texts, got one string; put it in a list")
        for text in texts:
            yield from self.predict([text], k)

    def explain(self, text: str, k: int = 5) -> list[Explanation]:
        """Why :meth:`predict` finds the ``k`` best labels of a text; costs nothing where it is not asked.

        Raises:
            ValueError: if ``k`` is not positive, or the model has nothing to explain its scores by.
            TypeError: if ``text`` is no string.
        """
        if not isinstance(text, str):
            raise TypeError(f"expected a text, got {type(text).__name__}")
        if k <= 0:
            raise ValueError(f"'k' must be positive, got {k}")
        model, explainer = self._frozen(), self._explainer
        if explainer is None or explainer.model is not model:
            explainer = self._explainer = Explainer(model)
        found = explainer.explain(text, k)
        if self.calibration is None or not found:
            return found
        scores = self.calibration(np.array([one.score for one in found])).tolist()
        return [replace(one, score=score) for one, score in zip(found, scores, strict=True)]

    def add_labels(
        self,
        titles: Sequence[str],
        uids: Sequence[str] | None = None,
        neighbours: Sequence[Neighbours] | None = None,
    ) -> None:
        """New labels, see :func:`~xcgraph.inference.add_labels`; queries under way still see the old ones."""
        with self._editing:
            self._model = add_labels(self._frozen(), titles, uids, neighbours)

    def remove_labels(self, uids: Sequence[str]) -> None:
        """See :func:`~xcgraph.inference.remove_labels`."""
        with self._editing:
            self._model = remove_labels(self._frozen(), uids)

    def rename_label(self, uid: str, title: str) -> None:
        """See :func:`~xcgraph.inference.rename_label`."""
        with self._editing:
            self._model = rename_label(self._frozen(), uid, title)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Writes the model as it is now, frozen, into a new folder; see :meth:`FrozenModel.save`."""
        self._frozen().save(folder)

    def _frozen(self) -> FrozenModel:
        if not isinstance(self._model, FrozenModel):
            raise ValueError("this model is on a GPU: load it on the CPU to explain it or to change its labels")
        return self._model

    def _named(self, model: StoredModel | FrozenModel, labels: np.ndarray, score: np.ndarray) -> list[Hit]:
        if self.calibration is not None:
            score = self.calibration(score)
        return [
            Hit(model.label_uids[label], model.label_titles[label], value)
            for label, value in zip(labels.tolist(), score.tolist(), strict=True)
            if label >= 0
        ]

    def _features(self, texts: Sequence[str]) -> CSR:
        assert self.ranker is not None
        device = self.ranker.members[0].weight.device
        rows = [self.vectorizer.encode(text) for text in texts]
        if not rows:
            empty = torch.empty(0, device=device)
            rowptr = torch.zeros(1, dtype=torch.long, device=device)
            return CSR(rowptr, empty.long(), empty, (0, self.vectorizer.num_features))
        counts = torch.tensor([len(ids) for ids, _ in rows])
        col = torch.cat([torch.from_numpy(ids) for ids, _ in rows]).long()
        value = torch.cat([torch.from_numpy(weights) for _, weights in rows])
        return CSR(rowptr_from_counts(counts), col, value, (len(rows), self.vectorizer.num_features)).to(device)
