"""Probabilistic label trees (Jasinska-Kobus et al., 2020) by napkinXC; scores are probabilities."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from napkinxc.models import PLT
from protocol import Task, main, ranked
from scipy.sparse import csr_matrix


class LabelTree:
    """A tree from hierarchical k-means of labels, with a logistic regression a node."""

    packages = ("napkinxc", "numpy", "scipy")

    def __init__(self, task: Task) -> None:
        # The library writes its model while it trains.
        self.folder = TemporaryDirectory()
        self.x, self.y = task.train_x, task.train_y
        self.model = PLT(self.folder.name, seed=task.seed, threads=task.threads, **task.settings)

    def fit(self) -> None:
        """Builds and trains the tree."""
        self.model.fit(self.x, self.y)

    def store(self, folder: Path) -> None:
        """Puts the model's files where their size is taken, and loads them."""
        for path in Path(self.folder.name).iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        self.model.load()

    def settings(self) -> dict[str, Any]:
        """All hyper-parameters."""
        return {name: value for name, value in self.model.get_params().items() if name != "output"}

    def predict(self, x: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
        """All rows in one call."""
        found = ranked(self.model.predict_proba(x, top_k=k), k)
        self.model.set_params(threads=1)  # queries come next
        return found

    def prepare(self, row: csr_matrix) -> csr_matrix:
        """As it is."""
        return row

    def query(self, prepared: csr_matrix, k: int) -> list[list[tuple[int, float]]]:
        """Pairs of label and probability."""
        return self.model.predict_proba(prepared, top_k=k)


if __name__ == "__main__":
    main(LabelTree)
