"""Type aliases, and flags that say which optional packages this machine has.

The flags are functions: asking for one imports the package, so that ``import xcgraph`` stays light.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

Adj: TypeAlias = Any
"""``edge_index`` of shape ``[2, E]``, ``EdgeIndex``, torch sparse CSR tensor or ``torch_sparse.SparseTensor``."""

OptTensor: TypeAlias = Tensor | None


@cache
def torch_sparse_support() -> Literal["none", "cpu", "cuda"]:
    """What the installed torch-sparse can do: nothing (absent), CPU kernels only, or CUDA kernels too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch_sparse
    except (ImportError, OSError):
        return "none"
    if not torch.cuda.is_available():
        return "cpu"
    try:
        eye = torch_sparse.SparseTensor.eye(1, device="cuda")
        torch_sparse.matmul(eye, torch.ones(1, 1, device="cuda"))
    except RuntimeError:
        return "cpu"
    return "cuda"


@cache
def has_pyg_lib() -> bool:
    """Whether pyg-lib (PyG's own sampling kernels; not on PyPI) can be imported."""
    try:
        import pyg_lib  # noqa: F401
    except (ImportError, OSError):
        return False
    return True
