"""Compiled loops that order the best labels of one document anew."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numba
import numpy as np

#: Columns for each source of a score, and those of a label as a whole.
PER_SOURCE, OF_LABEL = 4, 5
# A row of so many entries for each token of a document is searched, not read.
_LONG = 12


@numba.njit(nogil=True, cache=True)
def add_products_of_rows(rowptr, col, value, rows, ids, weights, x, out):  # pragma: no cover - compiled
    """``out[s] += <row s of rows, x>`` of a sparse matrix with ascending columns.

    The document is given twice: tokens ``ids`` with their ``weights``, and dense as ``x``, float32 ``[V]``.
    """
    for place in range(rows.size):
        start, stop = rowptr[rows[place]], rowptr[rows[place] + 1]
        total = 0.0
        if stop - start > _LONG * ids.size:  # look tokens up in the row
            for i in range(ids.size):
                entry = start + np.searchsorted(col[start:stop], ids[i])
                if entry < stop and col[entry] == ids[i]:
                    total += value[entry] * weights[i]
        else:
            for entry in range(start, stop):
                total += value[entry] * x[col[entry]]
        out[place] += total


@numba.njit(nogil=True, cache=True)
def describe(logit, sources, log_count, out):  # pragma: no cover - compiled
    """What trees see of labels ``[S]``, best first; see ``xcgraph.inference.reranker.describe_labels``."""
    size = logit.size
    out[:, 0] = logit
    out[:, 1] = logit - logit[0]
    out[:, 2] = log_count
    _shares(logit, out[:, 3])
    _shares(sources[0], out[:, 4])
    for source in range(sources.shape[0]):
        score = sources[source]
        best, second = -math.inf, -math.inf
        for place in range(size):
            if score[place] > best:
                best, second = score[place], best
            elif score[place] > second:
                second = score[place]
        if size == 1:
            second = best
        start = OF_LABEL + PER_SOURCE * source
        out[:, start] = score
        out[:, start + 1] = best
        out[:, start + 2] = score - best
        out[:, start + 3] = score - second


@numba.njit(nogil=True, cache=True)
def _shares(logit, out):  # pragma: no cover - compiled
    out[:] = np.exp(logit - logit.max())
    out /= out.sum()


@numba.njit(nogil=True, cache=True)
def add_trees(feature, threshold, child, value, root, depth, x, out):  # pragma: no cover - compiled
    """Adds to ``out[s]`` the values of the leaves that row s of ``x`` comes to.

    The second child of a node comes right behind the first, and a leaf is its own child, with a threshold that
    nothing exceeds: a step has no branch that could be guessed wrongly, and all rows take it side by side.
    """
    size = x.shape[0]
    node = np.empty(size, dtype=np.int32)
    for tree in range(root.size):
        node[:] = root[tree]
        for _ in range(depth[tree]):
            for place in range(size):
                here = node[place]
                node[place] = child[here] + np.int32(x[place, feature[here]] > threshold[here])
        for place in range(size):
            out[place] += value[node[place]]
