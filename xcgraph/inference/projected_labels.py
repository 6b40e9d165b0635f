"""All label vectors in a few dimensions, to tell which labels are worth scoring."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from . import kernels, projection_kernels
from .row_matrix import RowMatrix

# Rows that the directions are found from.
_SAMPLE = 50_000
_ROUNDS = 4
# Labels whose sums of products are kept in a processor's nearest memory.
_TILE = 1024


class ProjectedLabels:
    r"""Approximates :math:`\langle \mathbf{w}_l - \bar{\mathbf{w}}, \mathbf{x} \rangle` for all labels at once, by
    the directions along which label vectors differ most, in int8.

    A pass over it reads D' bytes a label, where an exact one reads 4 D.

    Args:
        columns: int8 ``[D', L]``, D' a multiple of 4.
        scale: float32 ``[L]``.
        directions: float32 ``[D', D]``.
    """

    def __init__(self, columns: Tensor, scale: Tensor, directions: Tensor) -> None:
        dims, num_labels = columns.shape
        if columns.dtype != torch.int8 or dims % 4 or scale.shape != (num_labels,) or directions.size(0) != dims:
            raise ValueError(
                f"expected int8 of a multiple of 4 rows, got {columns.dtype} of {tuple(columns.shape)}"
            )
        self._tensors = (columns.contiguous(), scale.float().contiguous(), directions.float().contiguous())
        self._columns, self._scale, self._directions = (part.numpy() for part in self._tensors)

    @classmethod
    def fit(cls, weight: Tensor, mean: Tensor, dims: int, seed: int = 0) -> ProjectedLabels:
        """Finds the directions by subspace iteration.

        Args:
            weight: label vectors, float32 ``[L, D]``.
            mean: of them, ``[D]``.
            dims: D', cut to D; rounded up to a multiple of 4.
            seed: of where the iteration starts, and of the labels looked at where there are many.
        """
        directions = principal_directions(weight, mean, dims, seed)
        return cls.of(weight @ directions.t() - directions @ mean, directions)

    @classmethod
    def of(cls, projected: Tensor, directions: Tensor) -> ProjectedLabels:
        """Vectors ``[L, D']`` that were projected on ``directions`` ``[D', D]`` already, any D'."""
        matrix = RowMatrix.convert(projected, "int8")
        rows = torch.nn.functional.pad(matrix.rows, (0, -matrix.shape[1] % 4))
        assert matrix.scale is not None
        directions = torch.nn.functional.pad(directions, (0, 0, 0, rows.size(1) - directions.size(0)))
        return cls(rows.t(), matrix.scale, directions)

    @property
    def shape(self) -> tuple[int, int]:
        """``(L, D)`` of the label vectors."""
        return self._columns.shape[1], self._directions.shape[1]

    @property
    def dims(self) -> int:
        """D'."""
        return len(self._columns)

    def project(self, x: np.ndarray) -> np.ndarray:
        """A document ``[D]`` in the same dimensions, ``[D']``."""
        return self._directions @ x

    def products(self, query: np.ndarray, base: np.ndarray, offset: float, out: np.ndarray) -> None:
        """The approximate products of all labels with a document, plus what is known of their scores.

        Args:
            query: what :meth:`project` gave.
            base: float32 ``[L]``, added.
            offset: added too.
            out: float32 ``[L]``, overwritten.
        """
        best = np.empty(min(_TILE, len(out)), dtype=np.float32)
        projection_kernels.dot_columns(self._columns, self._scale, query, base, np.float32(offset), out, best)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Directions, columns and scales as the kernels take them."""
        return self._directions, self._columns, self._scale

    def extended(self, centred: Tensor, bias: Tensor) -> ProjectedLabels:
        """With more labels after those that there are, by the same directions.

        Args:
            centred: their vectors minus the mean of the old ones, ``[n, D]``.
            bias: not needed here.
        """
        columns, scale, directions = self._tensors
        new = RowMatrix.convert(centred @ directions.t(), "int8")
        assert new.scale is not None
        return ProjectedLabels(torch.cat([columns, new.rows.t()], 1), torch.cat([scale, new.scale]), directions)

    def kept(self, labels: Tensor) -> ProjectedLabels:
        """Of labels ``[n]`` alone."""
        columns, scale, directions = self._tensors
        return ProjectedLabels(columns[:, labels], scale[labels], directions)

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk."""
        return dict(zip(("columns", "scale", "directions"), self._tensors, strict=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._columns.shape[1]} labels, {self.dims} dimensions)"


def principal_directions(weight: Tensor, mean: Tensor, dims: int, seed: int = 0) -> Tensor:
    """Along which the rows of ``weight`` ``[L, D]`` vary most, orthonormal, ``[min(dims, D), D]``."""
    generator = torch.Generator().manual_seed(seed)
    if weight.size(0) > _SAMPLE:
        weight = weight[torch.randperm(weight.size(0), generator=generator)[:_SAMPLE]]
    weight = weight - mean
    basis = torch.randn(weight.size(1), min(dims, weight.size(1)), generator=generator)
    for _ in range(_ROUNDS):
        basis = torch.linalg.qr(weight.t() @ (weight @ basis)).Q
    return basis.t().contiguous()


def best_ids(score: np.ndarray, count: int) -> np.ndarray:
    """Ids of the ``count`` highest scores ``[L]`` and of maybe some more, in any order, int32 ``[S]``."""
    if count >= len(score):
        return np.arange(len(score), dtype=np.int32)
    out = np.empty(len(score), dtype=np.int32)
    return out[: kernels.best_ids(score, count, out)]
