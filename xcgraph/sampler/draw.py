"""Draws of edges out of rows of edges, a row a node.

Every function takes ``start`` and ``degree``, both int64 of shape ``[n]``: the row of a node is the edges
``start`` to ``start + degree``. It returns ``(edge, owner)``, both int64 of shape ``[m]``: the edges drawn, row by
row, and the row of each.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from xcgraph.sparse import ragged_arange, rowptr_from_counts

# Beyond, comparing each draw with all earlier ones of its row costs more than sorting the row.
_FLOYD_MAX = 128


def draw_first(start: Tensor, degree: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The first ``k`` edges of each row, or all where it has fewer; all if ``k`` is -1."""
    return ragged_arange(start, degree if k < 0 else degree.clamp(max=k))


def draw_uniform(
    start: Tensor, degree: Tensor, k: int, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """``k`` different edges of each row, all sets of ``k`` equally likely; rows of ``k`` or fewer whole.

    The cost does not depend on the degrees for ``k`` of at most 128.
    """
    return _draw_some(start, degree, k, lambda many: _floyd(degree[many], k, generator))


def draw_uniform_replace(
    start: Tensor, degree: Tensor, k: int, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """``k`` edges of each row that has any, independently and equally likely."""
    start, degree, owner = _filled(start, degree)
    offset = _below(degree.unsqueeze(1), (degree.numel(), k), generator)
    return (start.unsqueeze(1) + offset).view(-1), owner.repeat_interleave(k)


def draw_weighted(
    start: Tensor, degree: Tensor, k: int, weight: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """``k`` different edges of each row; rows of ``k`` or fewer whole.

    As if drawn one after the other, each with a probability proportional to its weight among those that are left:
    the ``k`` smallest of exponential variables divided by the weights (Efraimidis and Spirakis, Information
    Processing Letters 97, 2006).

    Args:
        weight: of all edges, float64 of shape ``[E]``; positive in the rows, at most 1.
    """

    def choose(many: Tensor) -> Tensor:
        edge, _ = ragged_arange(start[many], degree[many])
        u = torch.rand(edge.numel(), dtype=weight.dtype, device=edge.device, generator=generator)
        return _smallest(u.neg_().log1p_().neg_().div_(weight[edge]), degree[many], k)

    return _draw_some(start, degree, k, choose)


def draw_weighted_replace(
    start: Tensor, degree: Tensor, k: int, cdf: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """``k`` edges of each row that has any, independently, with probabilities proportional to weights.

    Args:
        cdf: of all edges, see :class:`NeighborCSC`.
    """
    start, degree, owner = _filled(start, degree)
    if owner.numel() == 0:
        return start, owner
    u = torch.rand(degree.numel(), k, dtype=cdf.dtype, device=cdf.device, generator=generator)
    # Bisection for the first edge whose sum exceeds u; the last edge where rounding left the sums below it.
    low = start.unsqueeze(1).expand(-1, k)
    high = low + (degree - 1).unsqueeze(1)
    for _ in range(int(degree.max() - 1).bit_length()):
        middle = (low + high) >> 1
        right = cdf[middle] <= u
        low, high = torch.where(right, torch.minimum(middle + 1, high), low), torch.where(right, high, middle)
    return low.reshape(-1), owner.repeat_interleave(k)


def _filled(start: Tensor, degree: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The rows that have edges, and which they are."""
    owner = degree.nonzero().squeeze(1)
    if owner.numel() == degree.numel():
        return start, degree, owner
    return start[owner], degree[owner], owner


def _below(bound: Tensor, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
    """Random int64 below ``bound``, which broadcasts to ``shape``."""
    u = torch.rand(shape, dtype=torch.double, device=bound.device, generator=generator)
    # Rounding can make the product the bound itself.
    return torch.minimum(u.mul_(bound).long(), bound - 1)


def _draw_some(start: Tensor, degree: Tensor, k: int, choose: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Whole rows of at most ``k`` edges; ``choose(many)`` gives the offsets of others, ``[k, len(many)]``."""
    count = degree.clamp(max=k)
    edge, owner = ragged_arange(start, count)
    many = (degree > k).nonzero().squeeze(1)
    if many.numel() > 0:
        place = rowptr_from_counts(count)[many] + torch.arange(k, device=edge.device).unsqueeze(1)
        edge[place] = start[many] + choose(many)
    return edge, owner


def _floyd(degree: Tensor, k: int, generator: torch.Generator | None) -> Tensor:
    """``k`` different numbers below each ``degree``, shape ``[k, n]``, all sets equally likely.

    Floyd's algorithm (Bentley and Floyd, CACM 30, 1987): step ``j`` draws from the first ``d - k + j + 1``
    numbers, and takes the last of them where the draw is there already.
    """
    if k > _FLOYD_MAX:
        total = int(degree.sum())
        key = torch.rand(total, dtype=torch.double, device=degree.device, generator=generator)
        return _smallest(key, degree, k)
    last = degree - k + torch.arange(k, device=degree.device).unsqueeze(1)
    chosen = _below(last + 1, (k, degree.numel()), generator)
    for j in range(1, k):
        # The maximum of bytes: twice as fast as any().
        there = (chosen[:j] == chosen[j]).view(torch.uint8).amax(0)
        chosen[j] = torch.where(there.view(torch.bool), last[j], chosen[j])
    return chosen


def _smallest(key: Tensor, degree: Tensor, k: int) -> Tensor:
    """Offsets of the ``k`` smallest keys of each row, shape ``[k, n]``.

    Args:
        key: float64, at least 0, row by row, shape ``[sum(degree)]``.
        degree: length of each row, more than ``k``.
    """
    rowptr = rowptr_from_counts(degree)
    owner = torch.repeat_interleave(degree)
    # Not below zero, floating-point numbers are in the order of their bits, and whole numbers sort much faster.
    order = torch.argsort(key.view(torch.long), stable=True)
    order = order[torch.argsort(owner[order], stable=True)]
    first = rowptr[:-1]
    return order[first + torch.arange(k, device=key.device).unsqueeze(1)] - first
