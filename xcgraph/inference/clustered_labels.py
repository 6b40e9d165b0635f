"""Label vectors in clusters, of which a query looks into the most promising."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from xcgraph.shortlist import BalancedKMeans
from xcgraph.sparse import rowptr_from_sorted

from .projected_labels import principal_directions
from .row_matrix import RowMatrix
from .token_postings import check_rows

_CLUSTER_SIZE = 64
# Labels are clustered by so many directions: all would take minutes longer, and cluster hardly better.
_DIRECTIONS = 64


class ClusteredLabels:
    """Names the labels of the clusters whose mean vector scores best: a few thousand out of any number.

    Args:
        centroids: mean label vector of each cluster, ``[K, D]``.
        bias: mean label bias of each cluster, float32 ``[K]``.
        rowptr: int64 ``[K + 1]``.
        labels: those of each cluster, one after the other, int32 ``[L]``.
    """

    def __init__(self, centroids: RowMatrix, bias: Tensor, rowptr: Tensor, labels: Tensor) -> None:
        clusters = centroids.shape[0]
        if bias.shape != (clusters,) or rowptr.shape != (clusters + 1,):
            raise ValueError(f"expected biases and labels of {clusters} clusters, got others")
        check_rows(rowptr, labels, labels, labels.numel())
        if not torch.equal(labels.long().sort().values, torch.arange(labels.numel())):
            raise ValueError("expected every label in one cluster")
        self.centroids = centroids
        self._tensors = (bias.float().contiguous(), rowptr, labels.contiguous())
        self._bias, self._rowptr, self._labels = (part.numpy() for part in self._tensors)

    @classmethod
    def fit(cls, weight: Tensor, mean: Tensor, bias: Tensor, seed: int = 0) -> ClusteredLabels:
        """Clusters label vectors ``[L, D]`` of biases ``[L]`` by balanced 2-means; ``mean`` ``[D]`` is theirs."""
        num_labels = weight.size(0)
        directions = principal_directions(weight, mean, _DIRECTIONS, seed)
        projected = weight @ directions.t() - directions @ mean
        clusters = max(1, num_labels // _CLUSTER_SIZE)
        assignment = BalancedKMeans(num_clusters=clusters, seed=seed).fit_predict(projected)
        order = assignment.argsort(stable=True)
        rowptr = rowptr_from_sorted(assignment[order], clusters)
        size = rowptr.diff().unsqueeze(1)
        total = torch.zeros(clusters, weight.size(1)).index_add_(0, assignment, weight.float())
        means = torch.zeros(clusters).index_add_(0, assignment, bias.float()) / size.squeeze(1)
        return cls(RowMatrix.convert(total / size - mean, "int8"), means, rowptr, order.int())

    @property
    def shape(self) -> tuple[int, int]:
        """``(L, D)`` of the label vectors."""
        return len(self._labels), self.centroids.shape[1]

    @property
    def num_clusters(self) -> int:
        """K."""
        return self.centroids.shape[0]

    def find(self, x: np.ndarray, count: int, score: np.ndarray) -> np.ndarray:
        """Labels of the best clusters, about ``count`` of them.

        Args:
            x: document embedding, float32 ``[D]``.
            count: labels wanted.
            score: float32 ``[K]``, overwritten.

        Returns:
            int32 ``[S]``.
        """
        np.copyto(score, self._bias)
        self.centroids.add_product(x, score)
        beam = min(self.num_clusters, -(-count * self.num_clusters // len(self._labels)))
        best = np.argpartition(score, -beam)[-beam:]
        return np.concatenate([self._labels[self._rowptr[c] : self._rowptr[c + 1]] for c in best])

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk."""
        return {
            **self.centroids.tensors("centroids"),
            **dict(zip(("bias", "rowptr", "labels"), self._tensors, strict=True)),
        }

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> ClusteredLabels:
        """What :meth:`tensors` gave."""
        centroids = RowMatrix.from_tensors(tensors, "centroids")
        return cls(centroids, *(tensors[name] for name in ("bias", "rowptr", "labels")))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._labels)} labels, {self.num_clusters} clusters)"
