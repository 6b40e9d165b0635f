"""Label vectors in clusters, of which a query looks into the most promising."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from xcgraph.shortlist import BalancedKMeans
from xcgraph.sparse import rowptr_from_sorted

from . import kernels
from .projected_labels import ProjectedLabels, best_ids, principal_directions
from .row_matrix import RowMatrix
from .token_postings import check_rows

_CLUSTER_SIZE = 64


class ClusteredLabels:
    """Approximates the scores of the labels of the best clusters: of some ten thousand out of any number.

    Clusters, their mean vectors and the labels' vectors are all of a few dimensions, as those of
    :class:`ProjectedLabels`.

    Args:
        centroids: mean vector of each of K clusters.
        bias: of each label, in the order of ``labels``, float32 ``[L]``.
        rowptr: int64 ``[K + 1]``.
        labels: those of each cluster, one after the other, int32 ``[L]``.
        rows: their vectors in the same order, int8 ``[L, D']``.
    """

    def __init__(
        self, centroids: ProjectedLabels, bias: Tensor, rowptr: Tensor, labels: Tensor, rows: RowMatrix
    ) -> None:
        clusters, num_labels = centroids.shape[0], labels.numel()
        if bias.shape != (num_labels,) or rowptr.shape != (clusters + 1,):
            raise ValueError(f"expected biases and labels of {clusters} clusters, got others")
        if rows.shape != (num_labels, centroids.dims) or rows.dtype != "int8":
            raise ValueError(f"expected int8 of shape {(num_labels, centroids.dims)}, got {rows}")
        check_rows(rowptr, labels, labels, num_labels)
        if not torch.equal(labels.long().sort().values, torch.arange(num_labels)):
            raise ValueError("expected every label in one cluster")
        if bool((rowptr.diff() == 0).any()):
            raise ValueError("expected clusters of at least one label")
        self.centroids = centroids
        self.rows = rows
        self._tensors = (bias.float().contiguous(), rowptr, labels.contiguous())
        self._bias, self._rowptr, self._labels = (part.numpy() for part in self._tensors)
        self._mean_bias = np.add.reduceat(self._bias, self._rowptr[:-1]) / np.diff(self._rowptr)

    @classmethod
    def fit(cls, weight: Tensor, mean: Tensor, bias: Tensor, dims: int, seed: int = 0) -> ClusteredLabels:
        """Clusters label vectors by balanced 2-means.

        Args:
            weight: label vectors, float32 ``[L, D]``.
            mean: of them, ``[D]``.
            bias: ``[L]``.
            dims: D', cut to D; rounded up to a multiple of 4.
            seed: of directions and clusters.
        """
        num_labels = weight.size(0)
        directions = principal_directions(weight, mean, dims, seed)
        projected = weight @ directions.t() - directions @ mean
        clusters = max(1, num_labels // _CLUSTER_SIZE)
        assignment = BalancedKMeans(num_clusters=clusters, seed=seed).fit_predict(projected)
        order = assignment.argsort(stable=True)
        rowptr = rowptr_from_sorted(assignment[order], clusters)
        size = rowptr.diff()
        total = torch.zeros(clusters, projected.size(1)).index_add_(0, assignment, projected)
        centroids = ProjectedLabels.of(total / size.unsqueeze(1), directions)
        padded = torch.nn.functional.pad(projected[order], (0, centroids.dims - projected.size(1)))
        return cls(centroids, bias[order], rowptr, order.int(), RowMatrix.convert(padded, "int8"))

    @property
    def shape(self) -> tuple[int, int]:
        """``(L, D)`` of the label vectors."""
        return len(self._labels), self.centroids.shape[1]

    @property
    def num_clusters(self) -> int:
        """K."""
        return self.centroids.shape[0]

    def find(
        self, x: np.ndarray, base: np.ndarray, looked_at: int, count: int, score: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The most promising labels of the best clusters.

        Args:
            x: document embedding, float32 ``[D]``.
            base: what tokens add to each label, float32 ``[L]``.
            looked_at: how many labels of the best clusters to look at.
            count: labels wanted of these.
            score: float32 ``[K]``, overwritten.

        Returns:
            ``(labels int32, approximate scores float32)``, ``[count]`` and maybe some more.
        """
        query = self.centroids.project(x)
        self.centroids.products(query, self._mean_bias, 0.0, score)
        beam = min(self.num_clusters, -(-looked_at * self.num_clusters // len(self._labels)))
        best = np.argpartition(score, -beam)[-beam:]
        room = int((self._rowptr[best + 1] - self._rowptr[best]).sum())
        labels, found = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.float32)
        rows, scale = self.rows.arrays()
        kernels.dot_clusters(best, self._rowptr, self._labels, self._bias, rows, scale, query, base, labels, found)
        kept = best_ids(found, count)
        return labels[kept], found[kept]

    def extended(self, centred: Tensor, bias: Tensor) -> ClusteredLabels:
        """With more labels after those that there are, each in the cluster whose mean is nearest.

        Args:
            centred: their vectors minus the mean of the old ones, ``[n, D]``.
            bias: theirs, ``[n]``.
        """
        columns, scale, directions = self.centroids.tensors().values()
        projected = centred @ directions.t()
        means = (columns.float() * scale).t()
        nearest = torch.cdist(projected, means).argmin(dim=1)
        own_bias, rowptr, labels = self._tensors
        cluster = torch.cat([torch.repeat_interleave(rowptr.diff()), nearest])
        order = cluster.argsort(stable=True)
        new = torch.arange(len(self._labels), len(self._labels) + len(nearest), dtype=torch.int32)
        return ClusteredLabels(
            self.centroids,
            torch.cat([own_bias, bias])[order],
            rowptr_from_sorted(cluster[order], self.num_clusters),
            torch.cat([labels, new])[order],
            RowMatrix.joined([self.rows, RowMatrix.convert(projected, "int8")]).take(order),
        )

    def kept(self, labels: Tensor) -> ClusteredLabels:
        """Of labels ``[n]``, ascending, alone; clusters that lose all theirs go."""
        bias, rowptr, own = self._tensors
        place = torch.full((len(self._labels),), -1, dtype=torch.int32)
        place[labels] = torch.arange(labels.numel(), dtype=torch.int32)
        stays = (place[own.long()] >= 0).nonzero().squeeze(1)
        clusters, cluster = torch.repeat_interleave(rowptr.diff())[stays].unique(return_inverse=True)
        return ClusteredLabels(
            self.centroids.kept(clusters),
            bias[stays],
            rowptr_from_sorted(cluster, clusters.numel()),
            place[own.long()][stays],
            self.rows.take(stays),
        )

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk."""
        return {
            **{f"centroids.{name}": value for name, value in self.centroids.tensors().items()},
            **self.rows.tensors("rows"),
            **dict(zip(("bias", "rowptr", "labels"), self._tensors, strict=True)),
        }

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> ClusteredLabels:
        """What :meth:`tensors` gave."""
        parts = {name: tensors[f"centroids.{name}"] for name in ("columns", "scale", "directions")}
        rows = RowMatrix.from_tensors(tensors, "rows")
        return cls(ProjectedLabels(**parts), tensors["bias"], tensors["rowptr"], tensors["labels"], rows)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._labels)} labels, {self.num_clusters} clusters)"
