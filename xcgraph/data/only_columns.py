"""Some columns of a sparse matrix, in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix


def only_columns(matrix: csr_matrix, keep: np.ndarray) -> csr_matrix:
    """A copy of the same shape, without the entries of other columns.

    Args:
        matrix: ``[N, M]``.
        keep: bool ``[M]``.
    """
    matrix = matrix.copy()
    matrix.data[~keep[matrix.indices]] = 0
    matrix.eliminate_zeros()
    return matrix
