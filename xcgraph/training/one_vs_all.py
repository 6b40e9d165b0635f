"""A sparse linear classifier a label, on the tokens themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .one_vs_all_kernel import solve_labels

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Numbers of the buffer that a block of labels leaves its weights in.
_MAX_BUFFER = 1 << 24
# Times the negatives of a label: with fewer documents than that, all of them are taken.
_ALL = 4


class OneVsAll(NamedTuple):
    """Linear classifiers, whose margins are ``weight @ x + bias - 1``.

    Args:
        weight: float32 scipy CSR ``[L, V]`` with sorted indices; labels without documents have empty rows.
        bias: float32 ``[L]``, none below 0.
    """

    weight: csr_matrix
    bias: np.ndarray


def fit_one_vs_all(
    x: Any,
    y: Any,
    unknown: Any | None = None,
    cost: float = 1.0,
    negatives: int = 4000,
    near: int = 1000,
    ratio: int = 40,
    with_bias: bool = True,
    max_iter: int = 50,
    min_weight: float = 0.01,
    seed: int = 0,
    num_threads: int = 1,
) -> OneVsAll:
    r"""Linear one-vs-all classifiers with squared hinge loss, as of DiSMEC (Babbar and Schölkopf, WSDM 2017).

    Each label minimises :math:`\frac{1}{2} (\|\mathbf{v}\|^2 + b^2) + C \sum_i \max(0, 1 - s_i (\langle
    \mathbf{x}_i, \mathbf{v} \rangle + b - 1))^2` with :math:`b \ge 0` over its own documents (:math:`s_i = 1`) and
    some of the others (:math:`s_i = -1`), by dual coordinate descent with shrinking (Hsieh et al., ICML 2008). A
    document that shares no token with a label's own counts as one without tokens: it is right as it is, unless the
    label has a bias. Labels that more than a few in a hundred documents have get one; all others say the same of a
    document that they know nothing about, or nearly so.

    The others are a uniform sample and the documents nearest to the centroid of the label's own, for those are
    what a classifier of all documents would get wrong first. Near documents alone would make a classifier of
    near neighbours, whose scores cannot be compared across labels. The sample is larger for frequent labels.
    Solving costs what the sample does, whatever the number of documents; finding the nearest ones costs the
    documents that share a token with the label's own. Labels with a sample of the others have no bias: they are
    the rare ones.

    Args:
        x: training documents, scipy sparse ``[N, V]``.
        y: their relevant labels, scipy sparse ``[N, L]``.
        unknown: pairs that are no negatives either, scipy sparse ``[N, L]``; ``None`` for none.
        cost: C.
        negatives: documents drawn for a label, with replacement, its own among them left out. All documents are
            taken where there are fewer than four times as many.
        near: documents nearest to the label's own that are taken besides; 0 for none.
        ratio: documents drawn for each of the label's own, where that is more than ``negatives``.
        with_bias: whether labels that are solved against all the others may have a bias.
        max_iter: passes over a label's documents at most.
        min_weight: smaller weights are dropped.
        seed: of the sample and of the order of documents; the result does not depend on ``num_threads``.
        num_threads: labels that are solved at the same time.

    Returns:
        weights and biases of the labels.

    Raises:
        ValueError: if the shapes do not fit together, or a number is out of range.
    """
    from scipy.sparse import csr_matrix, vstack

    x, y = x.tocsr(), y.tocsr()
    if x.shape[0] != y.shape[0]:
        raise ValueError(f"expected as many rows in 'x' and 'y', got {x.shape[0]} and {y.shape[0]}")
    if unknown is not None and unknown.shape != y.shape:
        raise ValueError(f"'unknown' must be of shape {y.shape}, got {unknown.shape}")
    for name, value in (("cost", cost), ("negatives", negatives), ("max_iter", max_iter)):
        if value <= 0:
            raise ValueError(f"'{name}' must be positive, got {value}")
    for name, value in (("near", near), ("ratio", ratio)):
        if value < 0:
            raise ValueError(f"'{name}' must not be negative, got {value}")
    num_tokens = x.shape[1]
    by_label = y.T.tocsr()
    by_label.sort_indices()
    positives = np.diff(by_label.indptr)
    draws = np.maximum(negatives, ratio * positives.astype(np.int64))
    draws[x.shape[0] < _ALL * draws] = x.shape[0]
    near = min(near, x.shape[0])
    by_token = x.T.tocsr() if near and (draws < x.shape[0]).any() else csr_matrix((num_tokens, 0), dtype=x.dtype)
    apart = by_label if unknown is None else (by_label + unknown.T).tocsr()
    apart.sort_indices()
    square = np.asarray(x.multiply(x).sum(axis=1), dtype=np.float64).ravel()

    # A label has at most the tokens of all its documents; far fewer in practice, which costs pages never touched.
    longest = int(np.diff(x.indptr).max(initial=0))
    width = np.minimum((positives + draws + near) * longest, num_tokens)

    bias = np.zeros(y.shape[1], dtype=np.float32)

    def solve(labels: np.ndarray) -> csr_matrix:
        columns = np.empty(int(width[labels].sum()), dtype=np.int32)
        values = np.empty(columns.size, dtype=np.float32)
        indptr = np.zeros(labels.size + 1, dtype=np.int64)
        solve_labels(
            int(labels[0]), by_label.indptr, by_label.indices, apart.indptr, apart.indices,
            x.indptr, x.indices, x.data, by_token.indptr, by_token.indices, by_token.data,
            square, cost, draws, near, with_bias, max_iter, min_weight, seed, columns, values, indptr, bias,
        )  # fmt: skip
        used = int(indptr[-1])
        return csr_matrix((values[:used].copy(), columns[:used].copy(), indptr), shape=(labels.size, num_tokens))

    # Threads of Python's, not of numba's: those share OpenMP with torch, which then runs on as many.
    with ThreadPoolExecutor(max(1, num_threads)) as pool:
        blocks = list(pool.map(solve, _pieces(width)))
    weight = vstack(blocks, format="csr") if blocks else csr_matrix((0, num_tokens), dtype=np.float32)
    weight.sort_indices()
    return OneVsAll(csr_matrix(weight, dtype=np.float32), bias)


def _pieces(width: np.ndarray) -> list[np.ndarray]:
    """Labels in order, as many at a time as fit into a buffer, but at least one."""
    starts: list[int] = []
    used = 0
    for label, size in enumerate(width.tolist()):
        if not starts or used + size > _MAX_BUFFER:
            starts.append(label)
            used = 0
        used += size
    return np.split(np.arange(width.size), starts[1:]) if starts else []
