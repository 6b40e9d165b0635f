"""Top-k within segments of unequal length."""

from __future__ import annotations

import torch
from torch import Tensor

from .ragged import rowptr_from_sorted


def segment_topk(value: Tensor, segment: Tensor, k: int, num_segments: int | None = None) -> Tensor:
    """Positions of the ``k`` largest values of each segment; of equal values the earlier position wins.

    Args:
        value: shape ``[E]``, any real dtype.
        segment: the segment of each value, shape ``[E]``, sorted ascending.
        k: how many to keep a segment (all where a segment holds fewer).
        num_segments: defaults to ``segment.max() + 1``.

    Returns:
        Positions into ``value``, int64, ordered by segment and then by descending value.
    """
    if value.numel() == 0 or k <= 0:
        return torch.empty(0, dtype=torch.long, device=value.device)
    if num_segments is None:
        num_segments = int(segment[-1]) + 1
    order = torch.argsort(value, descending=True, stable=True)
    order = order[torch.argsort(segment[order], stable=True)]
    rowptr = rowptr_from_sorted(segment, num_segments)
    rank = torch.arange(value.numel(), device=value.device) - rowptr[:-1][segment]
    return order[rank < k]
