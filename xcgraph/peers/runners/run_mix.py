"""Parabel's score and, times a weight, the cosines with a label's centroid and with its text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from lexical import NearestLabels, centroids, top_k
from protocol import Task, main
from run_omikuji import Trees
from scipy.sparse import csr_matrix

# Labels that Parabel is asked for; it says nothing of the others.
_DEPTH = 200


class Mix(NearestLabels):
    """Adds up three scores of each label; one that a part does not list counts as 0 there."""

    packages = Trees.packages

    def __init__(self, task: Task) -> None:
        self.task = task
        self.weight = task.settings["weight"]
        self.trees = Trees(replace(task, settings=task.settings["parabel"]))

    def fit(self) -> None:
        """Trains the trees, and makes one row a label of centroid and text."""
        self.trees.fit()
        rows = centroids(self.task.train_x, self.task.train_y) + self.task.label_x
        super().__init__(csr_matrix(rows * np.float32(self.weight)))

    def store(self, folder: Path) -> None:
        """Saves both parts."""
        for name in ("trees", "lexical"):
            (folder / name).mkdir()
        self.trees.store(folder / "trees")
        self.save(folder / "lexical")

    def settings(self) -> dict[str, Any]:
        """The weight, and all of the trees'."""
        return {"weight": self.weight, "depth": _DEPTH, "parabel": self.trees.settings()}

    def scores(self, x: csr_matrix) -> csr_matrix:
        """See :meth:`Ranker.scores`."""
        return self._add(x, [self.trees.query(self.trees.prepare(x[row]), _DEPTH) for row in range(x.shape[0])])

    def prepare(self, row: csr_matrix) -> Any:
        """As the two parts take it."""
        return row, self.trees.prepare(row)

    def query(self, prepared: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Labels and scores."""
        row, pairs = prepared
        return top_k(self._add(row, [self.trees.query(pairs, _DEPTH)]), k)

    def _add(self, x: csr_matrix, found: list[list[tuple[int, float]]]) -> csr_matrix:
        lexical = super().scores(x)
        label = np.array([label for row in found for label, _ in row], dtype=np.int32)
        score = np.array([score for row in found for _, score in row], dtype=np.float32)
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in found])])
        return csr_matrix(lexical + csr_matrix((score, label, indptr), shape=lexical.shape))


if __name__ == "__main__":
    main(Mix)
