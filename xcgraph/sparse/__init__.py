"""Ragged arithmetic: the one home of CSR tensors, ragged ranges and segment reductions."""

from .csr import CSR
from .ragged import ragged_arange, rowptr_from_counts, rowptr_from_sorted
from .topk import segment_topk

__all__ = ["CSR", "ragged_arange", "rowptr_from_counts", "rowptr_from_sorted", "segment_topk"]
