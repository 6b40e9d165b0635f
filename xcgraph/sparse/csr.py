"""A compressed sparse row matrix as plain tensors, on any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .ragged import ragged_arange, rowptr_from_counts, rowptr_from_sorted
from .spmm import spmm

if TYPE_CHECKING:
    import scipy.sparse


@dataclass(frozen=True, eq=False)
class CSR:
    """A sparse matrix of shape ``(R, C)`` whose rows can be gathered on any device.

    torch's own CSR tensors can neither select rows nor be batched, and SparseTensor needs torch-sparse; this
    holds the three arrays and the few operations that training needs.

    Args:
        rowptr: shape ``[R + 1]``, int64.
        col: column of each entry, shape ``[E]``, int64.
        value: value of each entry, shape ``[E]``, floating point.
        shape: ``(R, C)``.
    """

    rowptr: Tensor
    col: Tensor
    value: Tensor
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        if self.rowptr.numel() != self.shape[0] + 1:
            raise ValueError(
                f"'rowptr' must have {self.shape[0] + 1} entries for {self.shape[0]} rows, "
                f"got {self.rowptr.numel()}"
            )
        if self.col.numel() != self.value.numel():
            raise ValueError(
                f"'col' and 'value' must have equal lengths, got {self.col.numel()} and {self.value.numel()}"
            )

    @classmethod
    def from_scipy(cls, matrix: scipy.sparse.sparray | scipy.sparse.spmatrix) -> CSR:
        """From any scipy sparse matrix; values become float32."""
        csr: Any = matrix.tocsr()
        return cls(
            torch.from_numpy(csr.indptr.astype("int64")),
            torch.from_numpy(csr.indices.astype("int64")),
            torch.from_numpy(csr.data.astype("float32")),
            (int(csr.shape[0]), int(csr.shape[1])),
        )

    @classmethod
    def from_coo(cls, row: Tensor, col: Tensor, value: Tensor, shape: tuple[int, int]) -> CSR:
        """From coordinates in any order, each of shape ``[E]``; duplicates are kept."""
        order = torch.argsort(row * shape[1] + col, stable=True)
        return cls(rowptr_from_sorted(row[order], shape[0]), col[order], value[order], shape)

    @classmethod
    def from_adj(cls, adj: Any) -> CSR:
        """From a torch sparse CSR/COO tensor or a ``torch_sparse.SparseTensor``."""
        if isinstance(adj, CSR):
            return adj
        if isinstance(adj, Tensor) and adj.layout != torch.strided:
            sparse = adj if adj.layout == torch.sparse_csr else adj.to_sparse_csr()
            shape = (int(sparse.shape[0]), int(sparse.shape[1]))
            # Copies, because the compiler takes no views of sparse tensors.
            arrays = (sparse.crow_indices(), sparse.col_indices(), sparse.values())
            rowptr, col, value = (array.clone() for array in arrays)
            return cls(rowptr.long(), col.long(), value, shape)
        if hasattr(adj, "csr") and hasattr(adj, "sparse_sizes"):
            rowptr, col, value = adj.csr()
            if value is None:
                value = torch.ones(col.numel(), device=col.device)
            return cls(rowptr, col, value, tuple(adj.sparse_sizes()))
        if hasattr(adj, "tocsr"):
            return cls.from_scipy(adj)
        raise TypeError(f"expected a CSR, a sparse tensor or a scipy sparse matrix, got {type(adj).__name__}")

    @classmethod
    def from_edge_index(cls, edge_index: Tensor, edge_weight: Tensor | None, shape: tuple[int, int]) -> CSR:
        """The matrix that PyG message passing multiplies with: row = target, column = source.

        Args:
            edge_index: shape ``[2, E]``, ``edge_index[0]`` the source and ``edge_index[1]`` the target of each
                edge; an ``EdgeIndex`` will do. Already sorted by target, it is not sorted again.
            edge_weight: shape ``[E]``, or ``None`` for ones.
            shape: ``(number of targets, number of sources)``.

        Raises:
            ValueError: shapes do not fit, or (on the CPU only, where looking costs nothing) a node is out of
                range.
        """
        plain: Any = edge_index.as_tensor() if hasattr(edge_index, "as_tensor") else edge_index
        if plain.dim() != 2 or plain.size(0) != 2:
            raise ValueError(f"'edge_index' must have shape [2, E], got {list(plain.shape)}")
        col, row = plain.long().unbind(0)
        if edge_weight is None:
            edge_weight = torch.ones(row.size(0), device=row.device)
        elif edge_weight.dim() != 1:
            raise ValueError(f"'edge_weight' must have shape [E], got {list(edge_weight.shape)}")
        eager_cpu = not torch.compiler.is_compiling() and not row.is_cuda
        if not (eager_cpu and bool((row[1:] >= row[:-1]).all())):
            row, order = torch.sort(row, stable=True)
            col, edge_weight = col[order], edge_weight[order]
        if eager_cpu and row.numel() > 0:
            for name, low, high, size in (
                ("target", row[0], row[-1], shape[0]),
                ("source", col.min(), col.max(), shape[1]),
            ):
                if int(low) < 0 or int(high) >= size:
                    raise ValueError(f"'edge_index' names {name} {int(high if low >= 0 else low)} of {size} nodes")
        # Not rowptr_from_sorted: the output of bincount has no static shape, and waits for a CUDA device.
        rowptr = torch.searchsorted(row, torch.arange(shape[0] + 1, device=row.device))
        return cls(rowptr, col, edge_weight, shape)

    def without_small(self, least: float) -> CSR:
        """Without the entries whose magnitude is below ``least``; itself where that is 0 or less."""
        if least <= 0:
            return self
        keep = self.value.abs() >= least
        before = torch.zeros(keep.numel() + 1, dtype=torch.long, device=keep.device)
        torch.cumsum(keep, 0, out=before[1:])
        return CSR(before[self.rowptr], self.col[keep], self.value[keep], self.shape)

    def to_scipy(self) -> scipy.sparse.csr_matrix:
        """As ``scipy.sparse.csr_matrix`` on the host."""
        from scipy.sparse import csr_matrix

        arrays = (self.value.cpu().numpy(), self.col.cpu().numpy(), self.rowptr.cpu().numpy())
        return csr_matrix(arrays, shape=self.shape)

    def to_torch(self) -> Tensor:
        """As a torch tensor of layout ``torch.sparse_csr``."""
        import warnings

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*CSR tensor support is in beta.*")
            return torch.sparse_csr_tensor(
                self.rowptr, self.col, self.value, size=self.shape, check_invariants=False
            )

    def to(self, device: torch.device | str, non_blocking: bool = False) -> CSR:
        """The same matrix on another device; a PyG ``Data`` that holds one moves it along."""
        rowptr, col, value = (t.to(device, non_blocking=non_blocking) for t in (self.rowptr, self.col, self.value))
        return CSR(rowptr, col, value, self.shape)

    def record_stream(self, stream: torch.cuda.Stream) -> None:
        """Keeps the memory of the arrays until a CUDA stream is done with them, as tensors do."""
        for tensor in (self.rowptr, self.col, self.value):
            tensor.record_stream(stream)

    @property
    def nnz(self) -> int:
        """Number of stored entries."""
        return self.col.numel()

    @property
    def device(self) -> torch.device:
        """Where the arrays live."""
        return self.col.device

    def row(self) -> Tensor:
        """Row of each entry, shape ``[E]``."""
        return torch.repeat_interleave(self.rowptr.diff())

    def row_counts(self) -> Tensor:
        """Stored entries a row, shape ``[R]``."""
        return self.rowptr.diff()

    def select_rows(self, index: Tensor) -> CSR:
        """Rows ``index`` (shape ``[B]``, any order, repeats allowed) as a CSR of shape ``(B, C)``."""
        start = self.rowptr[index]
        length = self.rowptr[index + 1] - start
        entry, _ = ragged_arange(start, length)
        return CSR(rowptr_from_counts(length), self.col[entry], self.value[entry], (index.numel(), self.shape[1]))

    def transpose(self) -> CSR:
        """The transposed matrix, rows sorted by column."""
        return CSR.from_coo(self.col, self.row(), self.value, (self.shape[1], self.shape[0]))

    def matmul(self, dense: Tensor) -> Tensor:
        """Product with a dense matrix or vector: ``[R, C] x [C, D] -> [R, D]``, see :func:`spmm`."""
        if dense.size(0) != self.shape[1]:
            raise ValueError(f"'dense' must have {self.shape[1]} rows, got {dense.size(0)}")
        if dense.dim() == 1:
            return spmm(self.rowptr, self.col, self.value, dense.unsqueeze(1)).squeeze(1)
        return spmm(self.rowptr, self.col, self.value, dense)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, nnz={self.nnz}, device={self.device})"
