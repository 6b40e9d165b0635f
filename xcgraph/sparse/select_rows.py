"""Rows of documents, sparse or dense."""

from __future__ import annotations

from torch import Tensor

from .csr import CSR


def select_rows(x: CSR | Tensor, index: Tensor) -> CSR | Tensor:
    """Rows ``index`` (shape ``[B]``, any order, repeats allowed) of a CSR or a dense tensor, of the same kind."""
    return x.select_rows(index) if isinstance(x, CSR) else x[index]
