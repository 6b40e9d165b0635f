"""Compiled loops of the query path, one document at a time.

They hold no lock and start no thread, and callers bring the buffers, one set a thread. Stored matrices are
float32, int8 (with a scale a row) or float16 as its bits in int16: numba does no float16 arithmetic on the CPU.
"""
# mypy: disable-error-code="no-untyped-def,call-arg"

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_TILE = 1024


@intrinsic
def as_float(typingctx, value):  # pragma: no cover - compiled
    """A stored number as float32; an int16 is taken for the bits of a float16."""

    def codegen(context, builder, signature, args):
        (number,) = args
        if value == types.float32:
            return number
        if value == types.int16:
            return builder.fpext(builder.bitcast(number, ir.HalfType()), ir.FloatType())
        return builder.sitofp(number, ir.FloatType())

    return types.float32(value), codegen


@numba.njit(nogil=True, cache=True, fastmath=True)
def embed(tokens, scale, ids, weights, gate, weight, bias, v, out):  # pragma: no cover - compiled
    """``out = relu(gate * v + W relu(v) + bias)`` with ``v`` the weighted sum of token rows; ``v`` is a buffer."""
    scaled = scale.size > 0
    v[:] = 0
    for i in range(ids.size):
        row = ids[i]
        factor = weights[i] * scale[row] if scaled else weights[i]
        for j in range(tokens.shape[1]):
            v[j] += factor * as_float(tokens[row, j])
    for r in range(weight.shape[0]):
        total = numba.float32(0)
        for j in range(v.size):
            total += weight[r, j] * max(v[j], numba.float32(0))
        out[r] = max(gate[r] * v[r] + total + bias[r], numba.float32(0))


@numba.njit(nogil=True, cache=True, fastmath=True)
def dot_all(matrix, scale, x, out):  # pragma: no cover - compiled
    """``out[r] += scale[r] <matrix[r], x>``; an empty ``scale`` stands for ones."""
    scaled = scale.size > 0
    for row in range(matrix.shape[0]):
        total = numba.float32(0)
        for j in range(matrix.shape[1]):
            total += as_float(matrix[row, j]) * x[j]
        out[row] += total * scale[row] if scaled else total


@numba.njit(nogil=True, cache=True, fastmath=True)
def dot_rows(matrix, scale, rows, x, out):  # pragma: no cover - compiled
    """``out[i] += scale[r] <matrix[r], x>`` for the i-th row r of ``rows``."""
    scaled = scale.size > 0
    for i in range(rows.size):
        row = rows[i]
        total = numba.float32(0)
        for j in range(matrix.shape[1]):
            total += as_float(matrix[row, j]) * x[j]
        out[i] += total * scale[row] if scaled else total


@numba.njit(nogil=True, cache=True, fastmath=True)
def dot_columns(matrix, scale, x, base, offset, out):  # pragma: no cover - compiled
    """``out[c] = base[c] + offset + scale[c] <matrix[:, c], x>`` for int8 ``[D, C]``, D a multiple of 4.

    Where rows would be short, this spares the sum across each: it takes half the time of :func:`dot_all`.
    """
    total = np.empty(_TILE, dtype=np.float32)
    for start in range(0, matrix.shape[1], _TILE):
        stop = min(start + _TILE, matrix.shape[1])
        total[:] = 0
        for j in range(0, matrix.shape[0], 4):
            a, b, c, d = x[j], x[j + 1], x[j + 2], x[j + 3]
            p, q = matrix[j, start:stop], matrix[j + 1, start:stop]
            r, s = matrix[j + 2, start:stop], matrix[j + 3, start:stop]
            for i in range(stop - start):
                total[i] += a * as_float(p[i]) + b * as_float(q[i]) + c * as_float(r[i]) + d * as_float(s[i])
        for i in range(stop - start):
            out[start + i] = base[start + i] + offset + scale[start + i] * total[i]


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
def add_rows(rowptr, col, value, rows, weight, out):  # pragma: no cover - compiled
    """``out[c] += weight[i] v`` for the entries (c, v) of the i-th row of ``rows``."""
    for i in range(rows.size):
        for entry in range(rowptr[rows[i]], rowptr[rows[i] + 1]):
            out[col[entry]] += weight[i] * value[entry]


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
def peaks(scores, out):  # pragma: no cover - compiled
    """``out[i]``: the largest of the scores i, i + n, i + 2 n, ..., n being the size of ``out``.

    Not of neighbours: their scores are alike where labels are sorted by name.
    """
    n = out.size
    out[:] = scores[:n]
    for start in range(n, scores.size - n + 1, n):
        for i in range(n):
            out[i] = max(out[i], scores[start + i])


@numba.njit(nogil=True, cache=True)
def at_least(scores, best, least, out):  # pragma: no cover - compiled
    """Ids of the scores that are at least ``least``, into ``out``; returns how many.

    ``best`` is what :func:`peaks` gave, so that most scores need not be looked at. Ids come run by run.
    """
    count, n = 0, best.size
    whole = scores.size // n * n
    for i in range(n):
        if best[i] >= least:
            for j in range(i, whole, n):
                if scores[j] >= least:
                    out[count] = j
                    count += 1
    for j in range(whole, scores.size):
        if scores[j] >= least:
            out[count] = j
            count += 1
    return count


@numba.njit(nogil=True, cache=True)
def sum_exp(logit, highest):  # pragma: no cover - compiled
    """Sum of ``exp(logit - highest)``, without what is less than 10^-7 each: float32 knows no more digits."""
    total = 0.0
    for value in logit:
        if value > highest - numba.float32(16):
            total += np.exp(value - highest)
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
