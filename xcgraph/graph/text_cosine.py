"""Cosine of pairs of sparse texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_CHUNK_PAIRS = 1 << 16


def text_cosine(x: csr_matrix, first: Tensor, second: Tensor) -> Tensor:
    """Inner products of rows ``first[e]`` and ``second[e]`` of ``x``: the cosines where rows have unit length.

    Args:
        x: scipy CSR of shape ``[L, V]``.
        first: row ids, shape ``[E]``, int64.
        second: row ids, shape ``[E]``, int64.

    Returns:
        float32 of shape ``[E]``.
    """
    chunks = [torch.empty(0)]
    for a, b in zip(first.cpu().split(_CHUNK_PAIRS), second.cpu().split(_CHUNK_PAIRS), strict=True):
        product = np.asarray(x[a.numpy()].multiply(x[b.numpy()]).sum(axis=1)).ravel()
        chunks.append(torch.from_numpy(product.astype(np.float32)))
    return torch.cat(chunks)
