"""Carves validation documents out of the training documents."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

logger = logging.getLogger(__name__)


def split_validation(
    y: csr_matrix,
    pairs: np.ndarray | None = None,
    fraction: float = 0.05,
    max_documents: int | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Chooses validation documents at random so that no label loses its last training document.

    Args:
        y: relevance of the training documents, ``[N, L]``.
        pairs: filter pairs ``[M, 2]``; a document whose every label is filtered cannot be validated on, and is not
            chosen.
        fraction: share of the documents to choose, 0 to 1; fewer where too many labels have one document.
        max_documents: choose no more than these.
        seed: the same seed chooses the same documents.

    Returns:
        ``(fit_rows, val_rows)``, int64, both ascending, together all rows.

    Raises:
        ValueError: if ``fraction`` is not within 0 and 1.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"'fraction' must be within 0 and 1, got {fraction}")
    num_documents, num_labels = y.shape
    target = round(fraction * num_documents)
    if max_documents is not None:
        target = min(target, max_documents)
    left = np.bincount(y.indices, minlength=num_labels)
    # A document with a label of its own can never be chosen: most of them are sorted out without a loop.
    alone = np.add.reduceat(np.append(left[y.indices] < 2, False), y.indptr[:-1]) if y.nnz else np.ones(0)
    counts = np.diff(y.indptr)
    usable = counts > 0
    if y.nnz:
        usable &= alone == 0
    if pairs is not None and len(pairs):
        usable &= counts > _filtered_labels(y, pairs)
    candidates = np.flatnonzero(usable)
    np.random.default_rng(seed).shuffle(candidates)
    chosen: list[int] = []
    for row in candidates.tolist():
        if len(chosen) >= target:
            break
        labels = y.indices[y.indptr[row] : y.indptr[row + 1]]
        if (left[labels] > 1).all():
            left[labels] -= 1
            chosen.append(row)
    if len(chosen) < target:
        logger.info("validation: %d of %d documents; the others hold a label's last one", len(chosen), target)
    is_validation = np.zeros(num_documents, dtype=bool)
    is_validation[chosen] = True
    return np.flatnonzero(~is_validation), np.flatnonzero(is_validation)


def _filtered_labels(y: csr_matrix, pairs: np.ndarray) -> np.ndarray:
    """How many of each document's labels are filtered, ``[N]``."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(pairs), dtype=np.float32)
    listed = csr_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=y.shape)
    listed.data[:] = 1
    return np.diff(y.multiply(listed).tocsr().indptr)
