"""Which labels each meta-label stands for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from xcgraph.sparse import CSR, rowptr_from_sorted


class ClusterIndex:
    """A partition of L labels into K meta-labels, as a table that expands shortlists by plain indexing.

    Args:
        assignment: the meta-label of each label, shape ``[L]``, integer in ``[0, K)``.
        num_clusters: K; by default the largest meta-label plus one. Meta-labels may be empty.

    Attributes:
        assignment: shape ``[L]``, int64.
        members: labels of each meta-label, ascending, padded with -1, shape ``[K, C]`` with C the largest
            cluster; int64.
    """

    def __init__(self, assignment: Tensor, num_clusters: int | None = None) -> None:
        if assignment.dim() != 1 or assignment.is_floating_point():
            raise ValueError(
                f"'assignment' must be integer of shape [L], got {assignment.dtype} {assignment.shape}"
            )
        assignment = assignment.long()
        low, high = (int(assignment.min()), int(assignment.max())) if assignment.numel() else (0, -1)
        self.num_clusters = high + 1 if num_clusters is None else num_clusters
        if low < 0 or high >= self.num_clusters:
            raise ValueError(f"'assignment' must lie in 0 to {self.num_clusters - 1}, got {low} to {high}")
        self.assignment = assignment
        cluster, label = torch.sort(assignment, stable=True)
        rowptr = rowptr_from_sorted(cluster, self.num_clusters)
        width = int(rowptr.diff().max()) if self.num_clusters else 0
        self.members = torch.full((self.num_clusters, width), -1, device=assignment.device)
        self.members[cluster, torch.arange(label.numel(), device=label.device) - rowptr[cluster]] = label

    @property
    def num_labels(self) -> int:
        """L."""
        return self.assignment.numel()

    @property
    def max_cluster_size(self) -> int:
        """C, labels of the largest meta-label."""
        return self.members.size(1)

    def to(self, device: torch.device | str) -> ClusterIndex:
        """The same partition on another device."""
        return ClusterIndex(self.assignment.to(device), self.num_clusters)

    def expand(self, meta_index: Tensor, meta_score: Tensor) -> tuple[Tensor, Tensor]:
        """All labels of the given meta-labels; each inherits the score of its meta-label.

        Args:
            meta_index: shape ``[N, B]``, int64, -1 for none.
            meta_score: shape ``[N, B]``.

        Returns:
            ``(index, score)`` of shape ``[N, B * C]``, in the order of the meta-labels and then of label ids;
            index -1 and score -inf where a cluster is smaller than C. No label repeats unless a meta-label does.
        """
        index = self.members[meta_index.clamp_min(0)]
        index = index.masked_fill(meta_index.unsqueeze(2) < 0, -1)
        score = meta_score.unsqueeze(2).expand(index.shape).masked_fill(index < 0, -torch.inf)
        return index.flatten(1), score.flatten(1)

    def meta_targets(self, y: Any) -> CSR:
        """Relevance of meta-labels: relevant as soon as one of their labels is.

        Args:
            y: relevance ``[N, L]``, :class:`~xcgraph.sparse.CSR` or scipy sparse; entries above 0 are relevant.

        Returns:
            ``[N, K]`` of ones, columns ascending, on the device of ``y``.
        """
        csr = CSR.from_adj(y)
        self._check_labels(csr.shape[1])
        positive = csr.value > 0
        cluster = self.assignment.to(csr.device)[csr.col[positive]]
        key = torch.unique(csr.row()[positive] * self.num_clusters + cluster)
        row = torch.div(key, max(self.num_clusters, 1), rounding_mode="floor")
        value = torch.ones(key.numel(), device=csr.device)
        rowptr = rowptr_from_sorted(row, csr.shape[0])
        return CSR(rowptr, key - row * self.num_clusters, value, (csr.shape[0], self.num_clusters))

    def meta_text(self, label_x: Any) -> CSR:
        """Text features of meta-labels: the normalised sum of their labels' (ECLARE and DECAF).

        Args:
            label_x: label text features ``[L, V]``, :class:`~xcgraph.sparse.CSR` or scipy sparse.

        Returns:
            ``[K, V]``, rows of length 1 or empty, columns ascending, on the device of ``label_x``.
        """
        import numpy as np
        from scipy.sparse import csr_matrix

        csr = CSR.from_adj(label_x)
        self._check_labels(csr.shape[0])
        # On the host, once: there the order of additions, hence the result, is always the same.
        assignment = self.assignment.cpu().numpy()
        ones = np.ones(self.num_labels, dtype=np.float32)
        shape = (self.num_clusters, self.num_labels)
        total = csr_matrix((ones, (assignment, np.arange(self.num_labels))), shape=shape) @ csr.to_scipy()
        total.sort_indices()
        row = np.repeat(np.arange(self.num_clusters), np.diff(total.indptr))
        norm = np.sqrt(np.bincount(row, weights=total.data.astype(np.float64) ** 2, minlength=self.num_clusters))
        norm[norm == 0] = 1.0
        total.data = total.data / norm[row]
        return CSR.from_scipy(total).to(csr.device)

    def _check_labels(self, num_labels: int) -> None:
        if num_labels != self.num_labels:
            raise ValueError(f"expected {self.num_labels} labels, got {num_labels}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.num_labels} labels, {self.num_clusters} meta-labels)"
