"""A sparse linear classifier a label, on the tokens themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Numbers of the buffer that a block of labels leaves its weights in.
_MAX_BUFFER = 1 << 24
# Largest violation of the optimality conditions at which a label is done. At liblinear's 0.1, biases are still on
# their way.
_TOLERANCE = 0.03
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
        _solve(
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


@numba.njit(nogil=True, cache=True)
def _solve(  # pragma: no cover - compiled
    start, label_ptr, label_doc, apart_ptr, apart_doc, x_ptr, x_col, x_val, token_ptr, token_doc, token_val,
    square, cost, draws, near, with_bias, max_iter, min_weight, seed, columns, values, indptr, bias,
):  # fmt: skip
    """Solves labels ``start`` to ``start + len(indptr) - 2``, whose weights follow one another in the buffers.

    ``bias`` is that of all labels.
    """
    num_documents = x_ptr.size - 1
    num_tokens = 0 if x_col.size == 0 else x_col.max() + 1
    w = np.zeros(num_tokens)
    shared = np.zeros(num_tokens, np.bool_)
    likeness = np.zeros(num_documents if near else 0)
    seen = np.zeros(likeness.size, np.bool_)
    touched = np.empty(likeness.size, np.int64)
    n = 0
    for k in range(indptr.size - 1):
        label = start + k
        first, last = label_ptr[label], label_ptr[label + 1]
        indptr[k + 1] = n
        if first == last:
            continue
        negatives = draws[label]
        all_documents = negatives == num_documents
        np.random.seed((seed * 1000003 + label) % 2147483647)
        # The label's documents, then the sampled ones.
        docs = np.empty(last - first + negatives + near, np.int64)
        num_positive = last - first
        docs[:num_positive] = label_doc[first:last]
        size = num_positive
        for j in range(num_positive):
            for p in range(x_ptr[docs[j]], x_ptr[docs[j] + 1]):
                shared[x_col[p]] = True
        own = apart_doc[apart_ptr[label] : apart_ptr[label + 1]]
        if near and not all_documents:
            size += _nearest(
                docs[:num_positive], own, w, x_ptr, x_col, x_val, token_ptr, token_doc, token_val, likeness, seen,
                touched, docs[size : size + near],
            )  # fmt: skip
        nearest = np.sort(docs[num_positive:size])
        for draw in range(negatives):
            doc = draw if all_documents else np.random.randint(0, num_documents)
            place = np.searchsorted(own, doc)
            if place < own.size and own[place] == doc:
                continue
            place = np.searchsorted(nearest, doc)
            if place < nearest.size and nearest[place] == doc:
                continue
            for p in range(x_ptr[doc], x_ptr[doc + 1]):
                if shared[x_col[p]]:
                    docs[size] = doc
                    size += 1
                    break
        # Documents that share no token with the label's own.
        others = num_documents - own.size - (size - num_positive)
        bias[label] = _descend(
            docs[:size], num_positive, others, x_ptr, x_col, x_val, square, cost, with_bias and all_documents,
            max_iter, w,
        )  # fmt: skip
        for j in range(size):
            for p in range(x_ptr[docs[j]], x_ptr[docs[j] + 1]):
                token = x_col[p]
                value = w[token]
                if abs(value) > min_weight:
                    columns[n] = token
                    values[n] = value
                    n += 1
                w[token] = 0.0  # so that no token comes twice, and the next label finds zeros
                shared[token] = False
        indptr[k + 1] = n


@numba.njit(nogil=True, cache=True)
def _descend(  # pragma: no cover - compiled
    docs, num_positive, others, x_ptr, x_col, x_val, square, cost, with_bias, max_iter, w,
):  # fmt: skip
    """Leaves the weights of one label in ``w``, zeros before, and returns its bias.

    ``docs`` are the label's own documents, the first ``num_positive``, and those that they are told from;
    ``others`` is how many documents there are besides, that count as ones without tokens.
    """
    size = docs.size
    alpha = np.zeros(size)
    order = np.arange(size)
    diagonal = 0.5 / cost
    # The others are all alike, and have one dual variable between them.
    others_alpha, others_diagonal = 0.0, diagonal / max(1, others)
    # The sum of the dual variables, with their signs: the bias where it is positive.
    balance = 0.0
    # Documents that are right by more than the last pass was wrong anywhere are set aside (shrinking), until the
    # others are done.
    active, bound = size, np.inf
    for _ in range(max_iter):
        np.random.shuffle(order[:active])
        worst = 0.0
        at = 0
        while at < active:
            j = order[at]
            doc = docs[j]
            sign = 1.0 if j < num_positive else -1.0
            score = max(0.0, balance) - 1.0
            for p in range(x_ptr[doc], x_ptr[doc + 1]):
                score += w[x_col[p]] * x_val[p]
            gradient = sign * score - 1.0 + diagonal * alpha[j]
            if alpha[j] == 0.0 and gradient >= 0.0:
                if gradient > bound:
                    active -= 1
                    order[at], order[active] = order[active], order[at]
                else:
                    at += 1
                continue
            at += 1
            worst = max(worst, abs(gradient))
            old = alpha[j]
            if with_bias:
                alpha[j] = max(0.0, old + _ascent(gradient, square[doc] + diagonal, sign, balance))
                balance += (alpha[j] - old) * sign
            else:
                alpha[j] = max(0.0, old - gradient / (square[doc] + diagonal))
            step = (alpha[j] - old) * sign
            for p in range(x_ptr[doc], x_ptr[doc + 1]):
                w[x_col[p]] += step * x_val[p]
        gradient = others_diagonal * others_alpha - max(0.0, balance)
        if with_bias and others > 0 and (others_alpha > 0.0 or gradient < 0.0):
            worst = max(worst, abs(gradient))
            old = others_alpha
            others_alpha = max(0.0, old + _ascent(gradient, others_diagonal, -1.0, balance))
            balance -= others_alpha - old
        bound = worst if worst > 0.0 else np.inf
        if worst < _TOLERANCE:
            if active == size:
                break
            active, bound = size, np.inf
    return max(0.0, balance)


@numba.njit(nogil=True, cache=True)
def _ascent(gradient, curvature, sign, balance):  # pragma: no cover - compiled
    """The step of a dual variable to where its derivative is zero.

    The bias is ``balance`` where that is positive, and moves with the variable there; elsewhere it is zero.
    """
    gradient -= sign * max(0.0, balance)
    step = -(gradient + sign * balance) / (curvature + 1.0)
    return step if balance + sign * step >= 0.0 else -gradient / curvature


@numba.njit(nogil=True, cache=True)
def _nearest(  # pragma: no cover - compiled
    docs, own, w, x_ptr, x_col, x_val, token_ptr, token_doc, token_val, likeness, seen, touched, found,
):  # fmt: skip
    """Fills ``found`` with the documents of the largest positive product with the sum of ``docs``.

    ``own`` are left out; of equal ones the first are taken. ``w``, ``likeness`` and ``seen`` are zeros before and
    after. Returns how many there are.
    """
    for doc in docs:
        for p in range(x_ptr[doc], x_ptr[doc + 1]):
            w[x_col[p]] += x_val[p]
    size = 0
    for doc in docs:
        for p in range(x_ptr[doc], x_ptr[doc + 1]):
            token = x_col[p]
            weight = w[token]
            w[token] = 0.0  # each token counts once
            if weight == 0.0:
                continue
            for q in range(token_ptr[token], token_ptr[token + 1]):
                other = token_doc[q]
                if not seen[other]:
                    seen[other] = True
                    touched[size] = other
                    size += 1
                likeness[other] += weight * token_val[q]
    for doc in own:
        likeness[doc] = 0.0
    candidates = np.sort(touched[:size])
    value = likeness[candidates]
    for doc in candidates:
        likeness[doc] = 0.0
        seen[doc] = False
    positive = value > 0.0
    candidates, value = candidates[positive], value[positive]
    if candidates.size <= found.size:
        found[: candidates.size] = candidates
        return candidates.size
    bound = np.partition(value, candidates.size - found.size)[candidates.size - found.size]
    size = 0
    for j in range(candidates.size):
        if value[j] > bound:
            found[size] = candidates[j]
            size += 1
    for j in range(candidates.size):
        if value[j] == bound and size < found.size:
            found[size] = candidates[j]
            size += 1
    return size
