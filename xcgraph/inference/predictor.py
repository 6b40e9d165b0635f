"""From texts to label names."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch

from xcgraph.sparse import CSR, rowptr_from_counts

from .model_folder import StoredModel, load_model


class Predictor:
    """Tags texts with a trained model.

    Args:
        model: what :func:`~xcgraph.inference.load_model` gives.

    Raises:
        ValueError: if the model was trained on features that came without texts.
    """

    def __init__(self, model: StoredModel) -> None:
        if model.vectorizer is None:
            raise ValueError("this model was trained on ready-made features: it cannot read texts")
        self.vectorizer = model.vectorizer
        self.ranker = model.ranker
        self.label_uids = model.label_uids
        self.label_titles = model.label_titles
        self.device = model.ranker.members[0].weight.device

    @classmethod
    def load(cls, folder: str | os.PathLike[str], device: torch.device | str = "cpu") -> Predictor:
        """Reads a model folder, ``model/`` of a finished run.

        Raises:
            FileNotFoundError: if there is none.
            ValueError: if it cannot be read.
        """
        return cls(load_model(folder, device))

    def predict(self, texts: Sequence[str], k: int = 5) -> list[list[tuple[str, str, float]]]:
        """The ``k`` best labels of each text.

        A text without any known token is answered by the labels' frequencies alone (their biases), the same for
        all such texts.

        Args:
            texts: any number of texts.
            k: labels wanted a text.

        Returns:
            For each text up to ``k`` of ``(uid, title, score)``, best first; scores are probabilities.

        Raises:
            ValueError: if ``k`` is not positive.
            TypeError: if ``texts`` is one string.
        """
        if isinstance(texts, str):
            raise TypeError("expected a list of texts, got one string; put it in a list")
        if k <= 0:
            raise ValueError(f"'k' must be positive, got {k}")
        index, score = self.ranker.predict(self._features(texts), k)
        return [
            [
                (self.label_uids[label], self.label_titles[label], value)
                for label, value in zip(labels, values, strict=True)
                if label >= 0
            ]
            for labels, values in zip(index.tolist(), score.tolist(), strict=True)
        ]

    def _features(self, texts: Sequence[str]) -> CSR:
        rows = [self.vectorizer.encode(text) for text in texts]
        if not rows:
            empty = torch.empty(0)
            return CSR(torch.zeros(1, dtype=torch.long), empty.long(), empty, (0, self.vectorizer.num_features))
        counts = torch.tensor([len(ids) for ids, _ in rows])
        col = torch.cat([torch.from_numpy(ids) for ids, _ in rows]).long()
        value = torch.cat([torch.from_numpy(weights) for _, weights in rows])
        return CSR(rowptr_from_counts(counts), col, value, (len(rows), self.vectorizer.num_features)).to(
            self.device
        )
