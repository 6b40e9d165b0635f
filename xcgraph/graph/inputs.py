"""The matrices that builders read from a data set, or take as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def training_relevance(data: Any, head_threshold: float | None = None) -> csr_matrix:
    """The pattern of the training relevance: CSR ``[N, L]``, float32, ones, without the columns of head labels.

    Args:
        data: anything with ``train_y``, or a scipy sparse matrix ``[N, L]``; stored zeros count as absent.
        head_threshold: labels of more documents than this get an empty column; None keeps all.

    Raises:
        ValueError: if ``data`` is neither.
    """
    y = _matrix(data, "train_y")
    y.sum_duplicates()
    y.eliminate_zeros()
    y.data[:] = 1.0
    if head_threshold is not None:
        frequency = y.getnnz(axis=0)
        y.data[(frequency > head_threshold)[y.indices]] = 0.0
        y.eliminate_zeros()
    return y


def label_text(data: Any) -> csr_matrix:
    """The label texts: CSR ``[L, V]``, float32, rows of unit length (or empty).

    Args:
        data: anything with ``label_x``, or a scipy sparse matrix ``[L, V]``.

    Raises:
        ValueError: if ``data`` is neither, or a value is not finite.
    """
    import numpy as np

    x = _matrix(data, "label_x")
    x.sum_duplicates()
    x.eliminate_zeros()
    if not np.isfinite(x.data).all():
        raise ValueError("expected finite values in 'label_x', got NaN or infinity")
    length = np.sqrt(np.asarray(x.multiply(x).sum(axis=1), dtype="float64")).ravel()
    x.data /= np.repeat(np.maximum(length, 1e-30), np.diff(x.indptr)).astype("float32")
    return x


def _matrix(data: Any, name: str) -> csr_matrix:
    """A float32 CSR copy of ``data.<name>``, or of ``data`` where that is a matrix itself."""
    from scipy.sparse import csr_matrix

    matrix = getattr(data, name, data)
    if not hasattr(matrix, "tocsr") or len(matrix.shape) != 2:
        raise ValueError(f"expected a data set with '{name}' or a scipy sparse matrix, got {type(data).__name__}")
    return csr_matrix(matrix, dtype="float32", copy=True)
