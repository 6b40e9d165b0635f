"""Carves validation documents out of the training documents."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from .filter_pairs import pairs_matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

logger = logging.getLogger(__name__)


def split_validation(
    y: csr_matrix,
    pairs: np.ndarray | None = None,
    fraction: float = 0.05,
    max_documents: int | None = None,
    seed: int = 0,
    groups: np.ndarray | None = None,
    keep_labels: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Chooses validation documents at random, by default so that no label loses its last training document.

    Args:
        y: relevance of the training documents, ``[N, L]``.
        pairs: filter pairs ``[M, 2]``; a document whose every label is filtered cannot be validated on, and is not
            chosen.
        fraction: share of the documents to choose, 0 to 1; fewer where too many labels have one document.
        max_documents: choose no more than these.
        seed: the same seed chooses the same documents.
        groups: group of each document, int ``[N]``, such as :func:`near_duplicate_groups`; a group is chosen whole
            or not at all. ``None``: each document by itself.
        keep_labels: every label keeps a training document. That makes the validation documents those of frequent
            labels, and easier than test documents are. ``False`` chooses whatever the labels, as test documents
            are chosen; labels without a document left are to be left out of predictions and truth, and documents
            that have no other are in neither part.

    Returns:
        ``(fit_rows, val_rows)``, int64, both ascending; with ``keep_labels``, together all rows.

    Raises:
        ValueError: if ``fraction`` is not within 0 and 1, or ``groups`` is of another length.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"'fraction' must be within 0 and 1, got {fraction}")
    num_documents, num_labels = y.shape
    if groups is None:
        groups = np.arange(num_documents)
    elif len(groups) != num_documents:
        raise ValueError(f"'groups' must have {num_documents} entries, got {len(groups)}")
    target = round(fraction * num_documents)
    if max_documents is not None:
        target = min(target, max_documents)
    left = np.bincount(y.indices, minlength=num_labels)
    # A document with a label of its own can never be chosen: most of them are sorted out without a loop.
    alone = np.add.reduceat(np.append(left[y.indices] < 2, False), y.indptr[:-1]) if y.nnz else np.ones(0)
    counts = np.diff(y.indptr)
    usable = counts > 0
    if y.nnz and keep_labels:
        usable &= alone == 0
    if pairs is not None and len(pairs):
        usable &= counts > _filtered_labels(y, pairs)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1)) if num_documents else np.zeros(0, dtype=np.int64)
    members = np.split(order, starts[1:])
    # A group is usable if all its documents are; one that would fill the split by itself says too little.
    largest = max(1, target // 10)
    fits = [number for number, rows in enumerate(members) if len(rows) <= largest and usable[rows].all()]
    candidates = np.array(fits, dtype=np.int64)
    np.random.default_rng(seed).shuffle(candidates)
    chosen: list[int] = []
    for number in candidates.tolist():
        rows = members[number]
        if len(chosen) >= target:
            break
        if len(chosen) + len(rows) > target:
            continue
        labels, taken = np.unique(
            np.concatenate([y.indices[y.indptr[row] : y.indptr[row + 1]] for row in rows]), return_counts=True
        )
        if not keep_labels or (left[labels] > taken).all():
            left[labels] -= taken
            chosen.extend(rows.tolist())
    if len(chosen) < target and keep_labels:
        logger.info("validation: %d of %d documents; the others hold a label's last one", len(chosen), target)
    is_validation = np.zeros(num_documents, dtype=bool)
    is_validation[chosen] = True
    fit_rows = np.flatnonzero(~is_validation)
    if not keep_labels and y.nnz:
        countable = y if pairs is None else y - y.multiply(pairs_matrix(pairs, y.shape))
        known = countable @ (left > 0).astype(np.float32) > 0
        is_validation &= known
    return fit_rows, np.flatnonzero(is_validation)


def near_duplicate_groups(
    x: csr_matrix, threshold: float = 0.5, max_frequency: int = 500, block_size: int = 2048
) -> np.ndarray:
    """Groups of documents that say nearly the same, linked by cosine similarity.

    Test documents are usually held out with everything that resembles them, or come later; a validation document
    whose twin is trained on makes remembering look better than it is.

    Args:
        x: features ``[N, V]``, rows of norm 1 (or empty).
        threshold: documents at least so similar are in one group; groups are the connected components. Where that
            chains more than a twentieth of all documents into one, higher thresholds are tried, up to 1.
        max_frequency: tokens of more documents are not looked at, which bounds the cost and hardly changes such
            cosines, common tokens weighing little.
        block_size: documents compared with all others at a time.

    Returns:
        Group of each document, int64 ``[N]``.
    """
    from scipy.sparse import coo_matrix, csc_matrix
    from scipy.sparse.csgraph import connected_components

    num_documents = x.shape[0]
    frequency = np.bincount(x.indices, minlength=x.shape[1])
    rare = csc_matrix(x)[:, np.flatnonzero((frequency > 1) & (frequency <= max_frequency))].tocsr()
    transposed = rare.T.tocsr()
    rows, cols = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    cosines = [np.zeros(0, dtype=np.float32)]
    for start in range(0, num_documents, block_size):
        similar = (rare[start : start + block_size] @ transposed).tocoo()
        keep = similar.data >= threshold
        rows.append(similar.row[keep].astype(np.int64) + start)
        cols.append(similar.col[keep].astype(np.int64))
        cosines.append(similar.data[keep])
    row, col, cosine = np.concatenate(rows), np.concatenate(cols), np.concatenate(cosines)
    groups = np.arange(num_documents)
    for least in np.linspace(threshold, 1.0, 6):
        keep = cosine >= least - 1e-6  # float32 makes cosines of 1 a little less
        shape = (num_documents, num_documents)
        links = coo_matrix((np.ones(int(keep.sum()), dtype=np.int8), (row[keep], col[keep])), shape=shape)
        groups = connected_components(links, directed=False)[1].astype(np.int64)
        if num_documents == 0 or np.bincount(groups).max() <= max(20, num_documents // 20):
            break
    return groups


def _filtered_labels(y: csr_matrix, pairs: np.ndarray) -> np.ndarray:
    """How many of each document's labels are filtered, ``[N]``."""
    return np.diff(y.multiply(pairs_matrix(pairs, y.shape)).tocsr().indptr)
