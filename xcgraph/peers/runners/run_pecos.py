"""XR-Linear (Yu et al., PECOS, JMLR 2022) by libpecos.

Scores are products of exp(-hinge^3) along the path (the library's post-processor l3-hinge): between 0 and 1, not
calibrated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pecos.xmc import Indexer, LabelEmbeddingFactory
from pecos.xmc.base import HierarchicalKMeans
from pecos.xmc.xlinear.model import XLinearModel
from protocol import Task, main, ranked
from scipy.sparse import csr_matrix

# The default of its command line.
_BEAM = 10


class XRLinear:
    """A tree of labels from hierarchical k-means of label embeddings, and linear rankers along it."""

    packages = ("libpecos", "numpy", "scipy")

    def __init__(self, task: Task) -> None:
        self.embedding = task.settings["label_embedding"]
        self.threads = task.threads
        self.x, self.y, self.z = task.train_x, task.train_y.tocsc(), task.label_x
        self.indexing = HierarchicalKMeans.TrainParams.from_dict(
            {"seed": task.seed, "threads": task.threads}, recursive=True
        )
        self.training = XLinearModel.TrainParams.from_dict({"threads": task.threads}, recursive=True)

    def fit(self) -> None:
        """Embeds and clusters labels, and trains the rankers."""
        # Only the joined embedding takes label features.
        extra = {"Z": self.z} if "lf" in self.embedding else {}
        embedding = LabelEmbeddingFactory.create(
            self.y, self.x, method=self.embedding, threads=self.threads, **extra
        )
        chain = Indexer.gen(embedding, train_params=self.indexing)
        self.model = XLinearModel.train(
            self.x, self.y, C=chain, train_params=self.training, pred_kwargs={"beam_size": _BEAM}
        )

    def store(self, folder: Path) -> None:
        """Saves the model, and loads it for prediction alone, which is faster."""
        self.model.save(str(folder))
        self.model = XLinearModel.load(str(folder), is_predict_only=True)

    def settings(self) -> dict[str, Any]:
        """All hyper-parameters of clustering, training and prediction."""
        return {
            "label_embedding": self.embedding,
            "indexer": _plain(self.indexing.to_dict()),
            "train": _plain(self.training.to_dict()),
            "beam_size": _BEAM,
            "post_processor": self.model.get_pred_params().hlm_args.model_chain[-1].post_processor,
        }

    def predict(self, x: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
        """All rows in one call."""
        found = self.model.predict(x, only_topk=k, threads=self.threads)
        bounds = zip(found.indptr[:-1], found.indptr[1:], strict=True)
        lists = []
        for start, stop in bounds:
            order = np.argsort(-found.data[start:stop], kind="stable")
            labels, scores = found.indices[start:stop][order], found.data[start:stop][order]
            lists.append(list(zip(labels.tolist(), scores.tolist(), strict=True)))
        return ranked(lists, k)

    def prepare(self, row: csr_matrix) -> csr_matrix:
        """As it is."""
        return row

    def query(self, prepared: csr_matrix, k: int) -> csr_matrix:
        """A CSR row of scores."""
        return self.model.predict(prepared, only_topk=k, threads=1)


def _plain(value: Any) -> Any:
    """Without the library's notes on its own classes."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "__meta__"}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main(XRLinear)
