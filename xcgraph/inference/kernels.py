"""Compiled loops of the query path, one document at a time.

They hold no lock and start no thread, and callers bring the buffers, one set a thread. Stored matrices are
float32, int8 (with a scale a row) or float16 as its bits in int16: numba does no float16 arithmetic on the CPU.
"""
# mypy: disable-error-code="no-untyped-def,call-arg,var-annotated"

from __future__ import annotations

import numba
import numpy as np

from .kernel_numbers import add_product, as_float, factors_for, nothing, power_of_two

# Scores that are exponentiated before their sum goes to a float64.
_TILE = 1024
# Of a float32: more do not change it.
_HALVINGS = 32
_LOG2_E = np.float32(np.log2(np.e))
_POINTS = 0.5 - 0.5 * np.cos(np.pi * (np.arange(7) + 0.5) / 7)
# 2^x for x of [0, 1), by the polynomial through its values at Chebyshev's points.
_EXP2 = tuple(np.float32(part) for part in np.polynomial.Polynomial.fit(_POINTS, 2**_POINTS, 6).convert().coef)


@numba.njit(nogil=True, cache=True, fastmath=True)
def embed(tokens, scale, ids, weights, gate, weight, weight_scale, bias, v, out):  # pragma: no cover - compiled
    """``out = relu(gate * v + W relu(v) + bias)`` with ``v`` the weighted sum of token rows; ``v`` is a buffer."""
    scaled = scale.size > 0
    v[:] = 0
    for i in range(ids.size):
        row = ids[i]
        factor = weights[i] * scale[row] if scaled else weights[i]
        for j in range(tokens.shape[1]):
            v[j] += factor * as_float(tokens[row, j])
    out[:] = 0
    dot_all(weight, weight_scale, np.maximum(v, numba.float32(0)), out)
    for j in range(v.size):
        out[j] = max(gate[j] * v[j] + out[j] + bias[j], numba.float32(0))


@numba.njit(nogil=True, cache=True, fastmath=True)
def dot_all(matrix, scale, x, out):  # pragma: no cover - compiled
    """``out[r] += scale[r] <matrix[r], x>``; an empty ``scale`` stands for ones."""
    scaled = scale.size > 0
    factors, step = factors_for(matrix, x)
    for row in range(matrix.shape[0]):
        total = nothing(factors)
        for j in range(factors.size):
            total = add_product(total, matrix[row, j], factors[j])
        out[row] += total * (scale[row] * step if scaled else step)


@numba.njit(nogil=True, cache=True, fastmath=True)
def dot_rows(matrix, scale, rows, x, out):  # pragma: no cover - compiled
    """``out[i] += scale[r] <matrix[r], x>`` for the i-th row r of ``rows``.

    Four rows at a time: they come from anywhere in memory, and so the processor waits for all four at once.
    """
    scaled = scale.size > 0
    factors, step = factors_for(matrix, x)
    last = rows.size - 1
    for start in range(0, rows.size, 4):
        # Behind the last row comes the last row again, for nothing.
        a, b = matrix[rows[start]], matrix[rows[min(start + 1, last)]]
        c, d = matrix[rows[min(start + 2, last)]], matrix[rows[min(start + 3, last)]]
        t, u, v, w = nothing(factors), nothing(factors), nothing(factors), nothing(factors)
        for j in range(factors.size):
            t, u = add_product(t, a[j], factors[j]), add_product(u, b[j], factors[j])
            v, w = add_product(v, c[j], factors[j]), add_product(w, d[j], factors[j])
        totals = (t, u, v, w)
        for i in range(min(4, rows.size - start)):
            out[start + i] += totals[i] * (scale[rows[start + i]] * step if scaled else step)


@numba.njit(nogil=True, cache=True, fastmath=True)
def dot_clusters(  # pragma: no cover - compiled
    clusters, rowptr, labels, bias, rows, scale, x, base, out_label, out_score
):  # fmt: skip
    """``base[l] + bias[i] + scale[i] <rows[i], x>`` for the i-th of ``labels``, l, of each of ``clusters``.

    Fills ``out_label`` and ``out_score``, one cluster after the other.
    """
    count = 0
    for c in clusters:
        for i in range(rowptr[c], rowptr[c + 1]):
            total = numba.float32(0)
            for j in range(rows.shape[1]):
                total += as_float(rows[i, j]) * x[j]
            out_label[count] = labels[i]
            out_score[count] = base[labels[i]] + bias[i] + total * scale[i]
            count += 1


@numba.njit(nogil=True, cache=True)
def add_rows(rowptr, col, value, place, dense, scale, rows, weight, out):  # pragma: no cover - compiled
    """``out[c] += weight[i] v`` for the entries (c, v) of the i-th row of ``rows``.

    Row r is also row ``place[r]`` of ``dense`` (scaled, unless ``scale`` is empty) where that is not -1.
    """
    for i in range(rows.size):
        at = place[rows[i]]
        if at >= 0:
            factor = weight[i] * scale[at] if scale.size > 0 else weight[i]
            row = dense[at]
            for c in range(row.size):
                out[c] += factor * as_float(row[c])
            continue
        for entry in range(rowptr[rows[i]], rowptr[rows[i] + 1]):
            # Unsigned, as else every place would be compared with 0.
            out[numba.uint32(col[entry])] += weight[i] * value[entry]


@numba.njit(nogil=True, cache=True)
def add_short_rows(rowptr, col, value, rows, weight, longest, out, touched):  # pragma: no cover - compiled
    """:func:`add_rows` for rows of at most ``longest`` entries, into zeros; returns how many columns it touched.

    ``touched`` takes them. A sum that comes back to 0 on the way gives its column a second place, so that
    ``touched`` can be full before all columns are in it.
    """
    count = 0
    for i in range(rows.size):
        start, stop = rowptr[rows[i]], rowptr[rows[i] + 1]
        if stop - start > longest:
            continue
        for entry in range(start, stop):
            c = col[entry]
            if out[c] == 0 and count < touched.size:
                touched[count] = c
                count += 1
            out[c] += weight[i] * value[entry]
    return count


@numba.njit(nogil=True, cache=True)
def add_long_rows(rowptr, col, value, rows, weight, longest, columns, out):  # pragma: no cover - compiled
    """``out[j] += weight[i] v`` where a row of more than ``longest`` entries has the j-th of ``columns``."""
    for i in range(rows.size):
        start, stop = rowptr[rows[i]], rowptr[rows[i] + 1]
        if stop - start <= longest:
            continue
        for j in range(columns.size):
            low, high = start, stop
            while low < high:
                middle = (low + high) // 2
                if col[middle] < columns[j]:
                    low = middle + 1
                else:
                    high = middle
            if low < stop and col[low] == columns[j]:
                out[j] += weight[i] * value[low]


@numba.njit(nogil=True, cache=True)
def runs_of(size, count):  # pragma: no cover - compiled
    """Into how many runs :func:`best_ids` divides ``size`` scores; score i is of run i modulo that.

    As many as make it sure that the best of the ``count`` best runs are few among all. A run is not of neighbours:
    their scores are alike where labels are sorted by name.
    """
    width = max(1, min(16, size // (2 * max(1, count))))
    return (size + width - 1) // width


@numba.njit(nogil=True, cache=True)
def best_ids(scores, count, out):  # pragma: no cover - compiled
    """Ids of the ``count`` highest scores and of maybe some more, run by run, into ``out``; returns how many."""
    best = np.empty(runs_of(scores.size, count), dtype=np.float32)
    best[:] = -np.inf
    for start in range(0, scores.size, best.size):
        part = scores[start : start + best.size]
        for i in range(part.size):
            best[i] = max(best[i], part[i])
    return ids_of_best_runs(scores, best, count, out)


@numba.njit(nogil=True, cache=True)
def ids_of_best_runs(scores, best, count, out):  # pragma: no cover - compiled
    """:func:`best_ids` where the best score of each run is known: most scores need not be looked at."""
    # Halving the range, with one pass a time over the runs, is faster than to sort or partition them.
    low, high = best[0], best[0]
    for i in range(best.size):
        low, high = min(low, best[i]), max(high, best[i])
    for _ in range(_HALVINGS):
        middle = numba.float32(0.5) * (low + high)
        above = numba.int32(0)
        for i in range(best.size):
            above += numba.int32(1) if best[i] >= middle else numba.int32(0)
        if above < count:
            high = middle
            continue
        low = middle
        if above <= count + count // 16:
            break
    found = 0
    for i in range(best.size):
        if best[i] >= low:
            for j in range(i, scores.size, best.size):
                if scores[j] >= low:
                    out[found] = j
                    found += 1
    return found


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def sum_exp(logit, highest):  # pragma: no cover - compiled
    """Sum of ``exp(logit - highest)``, each within 10^-6 of its value; what is less than 2^-120 counts as that.

    By a polynomial: the library's ``exp`` is a call for every number.
    """
    a, b, c, d, e, f, g = _EXP2
    total = np.float64(0)
    for start in range(0, logit.size, _TILE):
        tile, part = logit[start : start + _TILE], numba.float32(0)
        for i in range(tile.size):
            exponent = max((tile[i] - highest) * _LOG2_E, numba.float32(-120))
            whole = np.floor(exponent)
            x = exponent - whole
            power = a + x * (b + x * (c + x * (d + x * (e + x * (f + x * g)))))
            part += power * power_of_two(whole)
        total += part
    return total


@numba.njit(nogil=True, cache=True)
def best_of(labels, scores, out_label, out_score):  # pragma: no cover - compiled
    """Sorts the best of ``labels`` into ``out_label``, by score and then the lower label; returns how many.

    ``scores[i]`` is that of ``labels[i]``. A label that is there twice, with one score, counts once.
    """
    count, k = 0, out_label.size
    for i in range(labels.size):
        label, score = labels[i], scores[i]
        if count == k and (score < out_score[k - 1] or (score == out_score[k - 1] and label >= out_label[k - 1])):
            continue
        place = count
        while place > 0 and (
            score > out_score[place - 1] or (score == out_score[place - 1] and label < out_label[place - 1])
        ):
            place -= 1
        if place > 0 and out_label[place - 1] == label and out_score[place - 1] == score:
            continue
        for j in range(min(count, k - 1), place, -1):
            out_label[j], out_score[j] = out_label[j - 1], out_score[j - 1]
        out_label[place], out_score[place] = label, score
        count = min(count + 1, k)
    return count
