"""A dense matrix in few bytes, whose rows are multiplied with one vector at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from . import kernels

Dtype = Literal["float32", "float16", "int8"]
"""How the numbers of a matrix are stored."""

# Rows converted at a time.
_BLOCK = 1 << 16
_STORED: dict[torch.dtype, Dtype] = {torch.float32: "float32", torch.float16: "float16", torch.int8: "int8"}


class RowMatrix:
    """Rows of float32, float16, or int8 with a scale each (the largest magnitude of the row is 127).

    Args:
        rows: shape ``[R, D]``, contiguous, of one of these dtypes.
        scale: shape ``[R]``, float32; of int8 alone.

    Raises:
        ValueError: if dtype or shapes are others.
    """

    def __init__(self, rows: Tensor, scale: Tensor | None = None) -> None:
        if rows.dtype not in _STORED or rows.dim() != 2:
            raise ValueError(
                f"expected a matrix of {', '.join(get_args(Dtype))}, got {rows.dtype} of shape {tuple(rows.shape)}"
            )
        if (scale is not None) != (rows.dtype == torch.int8) or (
            scale is not None and scale.shape != rows.shape[:1]
        ):
            raise ValueError(f"expected {rows.size(0)} scales beside rows of int8, and none beside others")
        self.rows = rows.contiguous()
        self.scale = scale
        array = self.rows.numpy()
        self._array = array.view(np.int16) if rows.dtype == torch.float16 else array
        self._scale = np.empty(0, dtype=np.float32) if scale is None else scale.float().contiguous().numpy()

    @classmethod
    def convert(cls, matrix: Tensor, dtype: Dtype, mean: Tensor | None = None) -> RowMatrix:
        """Rounds a float32 matrix ``[R, D]``, minus ``mean`` ``[D]`` if there is one.

        As float32 and without mean, it is taken as it is, and shares its memory.
        """
        if dtype not in get_args(Dtype):
            raise ValueError(f"'dtype' must be one of {list(get_args(Dtype))}, got {dtype!r}")
        matrix = matrix.detach().float()
        if dtype == "float32":
            return cls(matrix if mean is None else matrix - mean)
        out = torch.empty(matrix.shape, dtype=getattr(torch, dtype))
        scale = torch.empty(matrix.size(0)) if dtype == "int8" else None
        for start in range(0, matrix.size(0), _BLOCK):
            block = matrix[start : start + _BLOCK]
            block = block if mean is None else block - mean
            if scale is not None:
                largest = block.abs().amax(dim=1) / 127
                scale[start : start + _BLOCK] = largest
                block = (block / torch.where(largest > 0, largest, 1.0).unsqueeze(1)).round()
            out[start : start + _BLOCK] = block
        return cls(out, scale)

    @property
    def shape(self) -> tuple[int, int]:
        """``(R, D)``."""
        return self.rows.size(0), self.rows.size(1)

    @property
    def dtype(self) -> Dtype:
        """``"float32"``, ``"float16"`` or ``"int8"``."""
        return _STORED[self.rows.dtype]

    def add_product(self, x: np.ndarray, out: np.ndarray) -> None:
        """``out[r] += <row r, x>`` for all rows; float32 ``[D]`` and ``[R]``."""
        kernels.dot_all(self._array, self._scale, x, out)

    def add_products_of(self, rows: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
        """``out[i] += <row rows[i], x>``; ``rows`` integer ``[S]``, ``out`` float32 ``[S]``."""
        kernels.dot_rows(self._array, self._scale, rows, x, out)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and scales as the kernels take them; the scales are empty where there are none."""
        return self._array, self._scale

    def select(self, rows: Tensor) -> Tensor:
        """Rows ``[n]`` as float32, ``[n, D]``."""
        found = self.rows[rows].float()
        return found if self.scale is None else found * self.scale[rows].unsqueeze(1)

    def take(self, rows: Tensor) -> RowMatrix:
        """Rows ``[n]`` as they are."""
        return RowMatrix(self.rows[rows], None if self.scale is None else self.scale[rows])

    @classmethod
    def joined(cls, parts: Sequence[RowMatrix]) -> RowMatrix:
        """The rows of one or more of the same dtype."""
        scales = [part.scale for part in parts if part.scale is not None]
        return cls(torch.cat([part.rows for part in parts]), torch.cat(scales) if scales else None)

    def tensors(self, name: str) -> dict[str, Tensor]:
        """What is kept on disk, ``name`` and maybe ``name.scale``."""
        return {name: self.rows} if self.scale is None else {name: self.rows, f"{name}.scale": self.scale}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor], name: str) -> RowMatrix:
        """What :meth:`tensors` gave."""
        return cls(tensors[name], tensors.get(f"{name}.scale"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shape[0]} x {self.shape[1]}, {self.dtype})"
