"""Parabel (Prabhu et al., WWW 2018) and Bonsai (Khandagale et al., 2020) by omikuji.

A score is a mean over trees of products of exp(-hinge^2) along the path: between 0 and 1, and not calibrated.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import omikuji
from protocol import Task, main, ranked
from scipy.sparse import csr_matrix

# The defaults of its command line: the size of the beam, and above which density weights are kept dense.
_BEAM = 10
_DENSITY = 0.1


class Trees:
    """Label trees with linear classifiers; the library draws its random numbers from no seed."""

    packages = ("omikuji", "numpy", "scipy")

    def __init__(self, task: Task) -> None:
        self.threads = task.threads
        self.param = omikuji.Model.default_hyper_param()
        for name, value in task.settings.items():
            setattr(self.param, name, value)
        self.pool = omikuji._ThreadPoolHandle(task.threads)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "train.txt"
            write_text(path, task.train_x, task.train_y)
            # What the public Model.train_on_data does in one go, apart: reading a file is no training.
            data = omikuji.lib.load_omikuji_data_set(omikuji.ffi.new("char[]", str(path).encode()), self.pool.ptr)
        if data == omikuji.ffi.NULL:
            raise RuntimeError("omikuji could not read its training file")
        self.data = omikuji.ffi.gc(data, omikuji.lib.free_omikuji_data_set)

    def fit(self) -> None:
        """Trains all trees."""
        model = omikuji.lib.train_omikuji_model(self.data, self.param, self.pool.ptr)
        if model == omikuji.ffi.NULL:
            raise RuntimeError("omikuji could not train with these hyper-parameters")
        self.model = omikuji.Model(model, self.pool)

    def store(self, folder: Path) -> None:
        """Saves the model and loads it as a service would."""
        self.model.save(str(folder))
        self.model = omikuji.Model.load(str(folder))
        self.model.init_prediction_thread_pool(1)  # the binding answers one document a call
        self.model.densify_weights(_DENSITY)

    def settings(self) -> dict[str, Any]:
        """All hyper-parameters of training and prediction."""
        param = {name: getattr(self.param, name) for name in dir(self.param)}
        param["linear_loss_type"] = omikuji.LossType(param["linear_loss_type"]).name.lower()
        return {**param, "beam_size": _BEAM, "max_sparse_density": _DENSITY, "seed": "none can be set"}

    def predict(self, x: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
        """One document after the other: the binding knows no batches."""
        return ranked([self.query(self.prepare(x[row]), k) for row in range(x.shape[0])], k)

    def prepare(self, row: csr_matrix) -> list[tuple[int, float]]:
        """Pairs of feature and value."""
        return list(zip(row.indices.tolist(), row.data.tolist(), strict=True))

    def query(self, prepared: list[tuple[int, float]], k: int) -> list[tuple[int, float]]:
        """Pairs of label and score."""
        return self.model.predict(prepared, beam_size=_BEAM, top_k=k)


def write_text(path: Path, x: csr_matrix, y: csr_matrix) -> None:
    """The joint format of the Extreme Classification Repository, which the library reads."""
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{x.shape[0]} {x.shape[1]} {y.shape[1]}\n")
        for row in range(x.shape[0]):
            labels = ",".join(map(str, y.indices[y.indptr[row] : y.indptr[row + 1]].tolist()))
            entries = slice(x.indptr[row], x.indptr[row + 1])
            pairs = zip(x.indices[entries].tolist(), x.data[entries].tolist(), strict=True)
            file.write(" ".join([labels, *(f"{feature}:{value:.7g}" for feature, value in pairs)]) + "\n")


if __name__ == "__main__":
    main(Trees)
