"""The solver of :func:`~xcgraph.training.one_vs_all.fit_one_vs_all`, compiled for the CPU."""

from __future__ import annotations

import numba
import numpy as np

# Largest violation of the optimality conditions at which a label is done. At liblinear's 0.1, biases are still on
# their way.
_TOLERANCE = 0.03


@numba.njit(nogil=True, cache=True)
def solve_labels(  # pragma: no cover - compiled
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
