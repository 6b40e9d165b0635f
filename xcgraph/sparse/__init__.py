"""Ragged arithmetic: the one home of CSR tensors, ragged ranges, segment reductions and sparse products."""

from .csr import CSR
from .gather_dot import gather_dot
from .ragged import ragged_arange, rowptr_from_counts, rowptr_from_sorted
from .select_rows import select_rows
from .spmm import spmm
from .topk import segment_topk

__all__ = [
    "CSR",
    "gather_dot",
    "ragged_arange",
    "rowptr_from_counts",
    "rowptr_from_sorted",
    "segment_topk",
    "select_rows",
    "spmm",
]
