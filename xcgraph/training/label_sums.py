"""Sums over the documents of each label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from xcgraph.sparse import CSR, select_rows


@torch.no_grad()
def label_sums(embed: Callable[[Any], Tensor], doc_x: CSR | Tensor, y: CSR, block: int = 1 << 14) -> Tensor:
    """Sum of the embeddings of each label's documents, shape ``[L, D]``; never those of all documents at once.

    Args:
        embed: maps documents ``[B, V]`` (or ``[B, F]``) to ``[B, D]``.
        doc_x: documents, CSR ``[N, V]`` or dense ``[N, F]``, at least one.
        y: their relevant labels, ``[N, L]``.
        block: documents embedded at a time.
    """
    total: Tensor | None = None
    for rows in torch.arange(doc_x.shape[0], device=doc_x.device).split(block):
        document, relevant = embed(select_rows(doc_x, rows)), y.select_rows(rows)
        labels, local = torch.unique(relevant.col, return_inverse=True)
        by_label = CSR.from_coo(local, relevant.row(), relevant.value, (labels.numel(), rows.numel()))
        if total is None:
            total = document.new_zeros(y.shape[1], document.size(1))
        # Each label once: no two additions race on a GPU.
        total[labels] += by_label.matmul(document)
    assert total is not None, "expected documents, got none"
    return total
