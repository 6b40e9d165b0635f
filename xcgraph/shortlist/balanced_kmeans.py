"""Balanced 2-means trees: labels into clusters of equal size."""

from __future__ import annotations

import logging

import torch
from torch import Tensor

from xcgraph.sparse import ragged_arange, rowptr_from_counts, spmm

logger = logging.getLogger(__name__)


class BalancedKMeans:
    """Clusters vectors by recursive balanced 2-means under cosine similarity (Prabhu et al., Parabel, WWW 2018).

    Every node picks two of its members as centroids, sorts its members by how much closer they are to one than to
    the other, cuts the sorted list in two, moves the centroids to the normalised means, and repeats until the mean
    similarity to the own centroid gains less than ``tol``. All nodes of a level are split at once.

    Every vector ends in exactly one cluster, zero vectors too, and frequent labels are clustered like any other
    (the official ECLARE code holds labels of more than 500 documents back and can lose them). A node is cut into
    halves of equal size, or one apart; with a number of clusters that is no power of two, in proportion to the
    clusters that each side still has to be cut into. Over the whole result sizes differ by at most one.

    Args:
        num_clusters: K, any number from 1 to L. Give either this or ``depth``.
        depth: levels of the tree; K is ``2 ** depth``.
        tol: a node is done once its mean similarity gains less than this in one round.
        max_iter: rounds a level at most.
        seed: the same seed gives the same clusters.
        max_elements: numbers held in one gathered block; bounds the memory beyond the vectors themselves and the
            ``[K, D]`` centroids of the last level.
    """

    def __init__(
        self,
        num_clusters: int | None = None,
        depth: int | None = None,
        tol: float = 1e-4,
        max_iter: int = 50,
        seed: int = 0,
        max_elements: int = 1 << 18,
    ) -> None:
        if (num_clusters is None) == (depth is None):
            raise ValueError("give either 'num_clusters' or 'depth'")
        self.num_clusters = 2**depth if depth is not None else int(num_clusters or 0)
        if self.num_clusters < 1:
            raise ValueError(f"'num_clusters' must be at least 1, got {num_clusters}")
        if max_iter < 1:
            raise ValueError(f"'max_iter' must be at least 1, got {max_iter}")
        self.tol = tol
        self.max_iter = max_iter
        self.seed = seed
        self.max_elements = max_elements

    def fit_predict(self, x: Tensor) -> Tensor:
        """Clusters the rows of ``x``.

        Args:
            x: vectors of any length (zero included), shape ``[L, D]``, floating point, on any device.

        Returns:
            The cluster of each row, shape ``[L]``, int64 in ``[0, K)``; nearby ids are nearby in the tree.

        Raises:
            ValueError: if there are fewer rows than clusters, or a value is not finite.
        """
        if x.dim() != 2 or not x.is_floating_point():
            raise ValueError(f"'x' must be floating point of shape [L, D], got {x.dtype} {tuple(x.shape)}")
        if x.size(0) < self.num_clusters:
            raise ValueError(f"expected at least {self.num_clusters} rows, one a cluster, got {x.size(0)}")
        x = x.detach()
        if x.dtype not in (torch.float32, torch.float64):
            x = x.float()
        inv_norm = torch.linalg.vector_norm(x, dim=1)
        if not bool(inv_norm.isfinite().all()):
            raise ValueError("'x' holds values that are not finite")
        inv_norm = torch.where(inv_norm > 0, 1.0 / inv_norm, 0.0)

        # Drawn on the CPU, so that the seed means the same on every device.
        generator = torch.Generator().manual_seed(self.seed)
        assignment = torch.empty(x.size(0), dtype=torch.long, device=x.device)
        # Nodes of this level: members end to end in `order`, how many clusters each becomes, id of its first one.
        order = torch.arange(x.size(0), device=x.device)
        size = torch.tensor([x.size(0)])
        leaves, first = torch.tensor([self.num_clusters]), torch.tensor([0])
        while True:
            done = leaves == 1
            if bool(done.any()):
                member = torch.repeat_interleave(done, size).to(x.device)
                cluster = torch.repeat_interleave(first[done], size[done]).to(x.device)
                assignment[order[member]] = cluster
                order = order[~member]
                size, leaves, first = size[~done], leaves[~done], first[~done]
            if size.numel() == 0:
                return assignment
            left = (leaves + 1) // 2
            # Each cluster gets `base` members and `extra` of them one more, shared out in proportion.
            base, extra = size // leaves, size % leaves
            size_left = left * base + (extra * left + leaves - 1) // leaves
            order = self._split(x, inv_norm, order, size, size_left, generator)
            size = torch.stack([size_left, size - size_left], dim=1).view(-1)
            first = torch.stack([first, first + left], dim=1).view(-1)
            leaves = torch.stack([left, leaves - left], dim=1).view(-1)

    def _split(
        self,
        x: Tensor,
        inv_norm: Tensor,
        order: Tensor,
        size: Tensor,
        size_left: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """2-means in every node at once; the first ``size_left`` of each node's members are its left half."""
        rowptr = rowptr_from_counts(size)
        a = (torch.rand(size.numel(), generator=generator, dtype=torch.float64) * size).long()
        b = (torch.rand(size.numel(), generator=generator, dtype=torch.float64) * (size - 1)).long()
        b = (a + 1 + b) % size  # another member than a
        size, size_left, rowptr = size.to(x.device), size_left.to(x.device), rowptr.to(x.device)
        seed_a, seed_b = (order[rowptr[:-1] + m.to(x.device)] for m in (a, b))
        delta = x[seed_b] * inv_norm[seed_b, None] - x[seed_a] * inv_norm[seed_a, None]

        active = torch.arange(size.numel(), device=x.device)
        before = torch.full_like(size, -torch.inf, dtype=x.dtype)
        for _ in range(self.max_iter):
            position, node = ragged_arange(rowptr[active], size[active])
            member = order[position]
            lean = self._dot(x, inv_norm, member, delta, node)
            by_lean = torch.argsort(lean, stable=True)
            by_node = by_lean[torch.argsort(node[by_lean], stable=True)]
            member = member[by_node]
            order[position] = member

            # Sums of the halves; their lengths are the total similarity to the new, normalised centroids.
            half = torch.stack([size_left[active], size[active] - size_left[active]], dim=1)
            total = _sums(half.view(-1), member, inv_norm[member], x)
            length = torch.linalg.vector_norm(total, dim=1)
            similarity = length.view(-1, 2).sum(dim=1) / size[active]
            going = similarity - before[active] >= self.tol
            before[active] = similarity
            active = active[going]
            if active.numel() == 0:
                break
            mean = (total / length.clamp_min(torch.finfo(x.dtype).tiny).unsqueeze(1)).view(-1, 2, x.size(1))[going]
            delta = mean[:, 1] - mean[:, 0]
        logger.debug("split %d nodes, of which %d did not converge", size.numel(), active.numel())
        return order

    def _dot(self, x: Tensor, inv_norm: Tensor, member: Tensor, delta: Tensor, node: Tensor) -> Tensor:
        """``<normalised x[member[p]], delta[node[p]]>`` of shape ``[P]``, block by block."""
        out = x.new_empty(member.numel())
        step = max(1, self.max_elements // max(1, x.size(1)))
        for start in range(0, member.numel(), step):
            rows = member[start : start + step]
            # Gathered by index_select: indexing takes many times as long.
            product = delta.index_select(0, node[start : start + step]).mul_(x.index_select(0, rows))
            out[start : start + step] = product.sum(dim=1) * inv_norm[rows]
        return out

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_clusters={self.num_clusters}, seed={self.seed})"


def _sums(count: Tensor, member: Tensor, weight: Tensor, x: Tensor, piece: int = 1024) -> Tensor:
    """Weighted sum of the rows ``x[member]`` of each group, groups laid end to end: shape ``[groups, D]``.

    Large groups are summed piece by piece: a million float32 additions in a row would lose the digits that the
    stopping rule looks at, and would keep all but one core waiting.
    """
    if int(count.max()) <= piece:
        return spmm(rowptr_from_counts(count), member, weight, x)
    pieces = (count + piece - 1) // piece
    start, group = ragged_arange(torch.zeros_like(pieces), pieces)
    length = (count[group] - start * piece).clamp(max=piece)
    part = spmm(rowptr_from_counts(length), member, weight, x)
    return spmm(rowptr_from_counts(pieces), torch.arange(part.size(0), device=x.device), None, part)
