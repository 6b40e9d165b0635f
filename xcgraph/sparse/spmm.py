"""Sparse times dense by ``embedding_bag``: one kernel for CPU, CUDA and the compiler."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def spmm(rowptr: Tensor, col: Tensor, value: Tensor | None, dense: Tensor) -> Tensor:
    """Product of a sparse matrix of shape ``[R, C]`` with a dense one,
    ``out[r] = sum_e value[e] dense[col[e]]``.

    No ``[E, D]`` intermediate is made, forward or backward, and gradients reach both ``dense`` and ``value``.
    ``torch.sparse.mm`` on CSR tensors is slower on the CPU, gives no gradient for repeated entries and cannot be
    traced in one graph.

    Args:
        rowptr: shape ``[R + 1]``, int64.
        col: shape ``[E]``, int64, in ``[0, C)``.
        value: shape ``[E]``, or ``None`` for ones.
        dense: shape ``[C, D]``, floating point.

    Returns:
        Shape ``[R, D]``, dtype and device of ``dense``; empty rows are zero.
    """
    if value is not None:
        value = value.to(dense.dtype)
    return F.embedding_bag(col, dense, rowptr, mode="sum", per_sample_weights=value, include_last_offset=True)
