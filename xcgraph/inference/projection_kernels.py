"""Compiled loops of a query whose labels are found by a projection: from the embedding to scores, in one call.

See ``kernels`` for the rules that hold here too.
"""
# mypy: disable-error-code="no-untyped-def,call-arg,var-annotated"

from __future__ import annotations

import numba
import numpy as np

from .kernel_numbers import add_product
from .kernels import add_rows, dot_all, dot_rows, ids_of_best_runs, runs_of, sum_exp

# Dimensions whose sums of products share an int16: few at first, as labels differ most along the first directions,
# many times as much as along the others.
_FIRST, _GROUP = 4, 48
# The largest number in int8.
_LARGEST = 127


@numba.njit(nogil=True, cache=True, fastmath=True)
def dot_columns(matrix, scale, x, base, offset, out, best):  # pragma: no cover - compiled
    """``out[c] = base[c] + offset + scale[c] <matrix[:, c], x>`` for int8 ``[D, C]``, D a multiple of 4.

    ``x`` is rounded so that sums of products (of the first 4 dimensions, then of 48 at a time) fit into int16, of
    which a processor handles twice as many at a time as of float32. That deviates by less than 0.009 of the
    product of both lengths. ``best[i]`` becomes the best of the columns i modulo its size.
    """
    width = best.size
    total = np.empty(width, dtype=np.int16)
    factors = np.empty(_GROUP, dtype=np.int16)
    best[:] = -np.inf
    for start in range(0, matrix.shape[1], width):
        stop = min(start + width, matrix.shape[1])
        known, unit, found = base[start:stop], scale[start:stop], out[start:stop]
        for i in range(found.size):
            found[i] = known[i] + offset
        first, size = 0, _FIRST
        while first < matrix.shape[0]:
            step = _round_group(x[first : first + size], factors)
            total[:] = 0
            for j in range(0, size, 4):
                a, b, c, d = factors[j], factors[j + 1], factors[j + 2], factors[j + 3]
                p, q = matrix[first + j, start:stop], matrix[first + j + 1, start:stop]
                r, s = matrix[first + j + 2, start:stop], matrix[first + j + 3, start:stop]
                for i in range(found.size):
                    both = add_product(add_product(total[i], p[i], a), q[i], b)
                    total[i] = add_product(add_product(both, r[i], c), s[i], d)
            for i in range(found.size):
                found[i] += unit[i] * step * numba.float32(total[i])
            first += size
            size = min(_GROUP, matrix.shape[0] - first)
        for i in range(found.size):
            best[i] = max(best[i], found[i])


@numba.njit(nogil=True, cache=True, fastmath=True)
def _round_group(x, factors):  # pragma: no cover - compiled
    """Up to 48 numbers as whole ones whose magnitudes add up to 258 at most; returns what 1 stands for."""
    magnitude = numba.float32(0)
    for value in x:
        magnitude += abs(value)
    # Each may become larger by 0.5 as it is rounded.
    step = magnitude / numba.float32(32767 // _LARGEST - 0.5 * x.size)
    inverse = 1 / step if step > 0 else numba.float32(0)
    for j in range(x.size):
        factors[j] = numba.int16(np.rint(x[j] * inverse))
    return step


@numba.njit(nogil=True, cache=True, fastmath=True)
def score_candidates(  # pragma: no cover - compiled
    document, offset, bias, rowptr, col, value, frequent, frequent_rows, frequent_scale, ids, weights, directions,
    columns, column_scale, rows, row_scale, centred, count, shares, base, logit, near, score,
):  # fmt: skip
    """Scores the ``count`` labels (and maybe some more) that a projection holds for the best.

    The steps of a query: what is known without the embedding (bias and tokens) into ``base``; with the projection,
    scores of all labels into ``logit``; ids of the best into ``near``, and their exact scores into ``score``.
    Returns how many, and where ``shares`` are wanted the log of the sum of exponentials of all scores, else 0.
    """
    base[:] = bias
    if frequent.size > 0:
        add_rows(rowptr, col, value, frequent, frequent_rows, frequent_scale, ids, weights, base)
    query = np.zeros(directions.shape[0], dtype=np.float32)
    dot_all(directions, np.empty(0, dtype=np.float32), document, query)
    best = np.empty(runs_of(logit.size, count), dtype=np.float32)
    dot_columns(columns, column_scale, query, base, offset, logit, best)
    found = ids_of_best_runs(logit, best, count, near)
    near, score = near[:found], score[:found]
    for i in range(found):
        score[i] = base[near[i]] + (offset if centred else numba.float32(0))
    dot_rows(rows, row_scale, near, document, score)
    if not shares:
        return found, 0.0
    for i in range(found):
        logit[near[i]] = score[i]
    highest = score.max()
    return found, highest + np.log(sum_exp(logit, highest))
