"""Rankings by shared words alone, by numpy and scipy; scores are cosines, or sums of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from lexical import make_ranker
from protocol import Task, main
from scipy.sparse import csr_matrix


class Lexical:
    """One of the rankers of ``lexical.py``; training it is making its matrices."""

    packages = ("numpy", "scipy")

    def __init__(self, task: Task) -> None:
        self.task = task

    def fit(self) -> None:
        """Makes the matrices."""
        settings = dict(self.task.settings)
        self.ranker = make_ranker(settings.pop("method"), settings, self.task)

    def store(self, folder: Path) -> None:
        """Saves the matrices."""
        self.ranker.save(folder)

    def settings(self) -> dict[str, Any]:
        """As asked for: there are no others."""
        return dict(self.task.settings)

    def predict(self, x: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
        """In blocks of rows."""
        return self.ranker.predict(x, k)

    def prepare(self, row: csr_matrix) -> csr_matrix:
        """As it is."""
        return row

    def query(self, prepared: csr_matrix, k: int) -> Any:
        """Labels and scores."""
        return self.ranker.query(prepared, k)


if __name__ == "__main__":
    main(Lexical)
