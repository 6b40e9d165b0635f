"""Ranges of different lengths, laid end to end."""

from __future__ import annotations

import torch
from torch import Tensor


def rowptr_from_counts(counts: Tensor) -> Tensor:
    """Row pointer of shape ``[R + 1]`` (int64) from the entries a row, ``counts`` of shape ``[R]``."""
    rowptr = torch.zeros(counts.numel() + 1, dtype=torch.long, device=counts.device)
    torch.cumsum(counts, 0, out=rowptr[1:])
    return rowptr


def rowptr_from_sorted(row: Tensor, num_rows: int) -> Tensor:
    """Row pointer of shape ``[R + 1]`` (int64) from sorted row ids of shape ``[E]``."""
    return rowptr_from_counts(torch.bincount(row, minlength=num_rows))


def ragged_arange(start: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """Concatenates ``arange(start[i], start[i] + length[i])`` over all ``i``.

    Args:
        start: first value of each range, shape ``[R]``, integer.
        length: number of values of each range, shape ``[R]``, integer, zero allowed.

    Returns:
        ``(index, segment)``, both int64 of shape ``[sum(length)]``: the values, and the range each belongs to.
    """
    length = length.long()
    segment = torch.repeat_interleave(length)
    rowptr = rowptr_from_counts(length)
    index = torch.arange(segment.numel(), device=length.device)
    index += (start.long() - rowptr[:-1])[segment]
    return index, segment
