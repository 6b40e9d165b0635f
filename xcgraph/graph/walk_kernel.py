"""The walk of :class:`BipartiteWalk` and the count of its visits, compiled for the CPU."""

from __future__ import annotations

import numba
import numpy as np

# Numba makes a float of a signed and an unsigned integer, so that every number here has its type.
_GAMMA, _MUL_1, _MUL_2 = (np.uint64(v) for v in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_30, _27, _31, _32, _1, _2 = (np.uint64(v) for v in (30, 27, 31, 32, 1, 2))
_LOW, _HIGH_BIT = np.uint64(0xFFFFFFFF), np.uint64(1 << 31)


@numba.njit(inline="always")
def _mix(x):  # pragma: no cover - compiled
    """See :mod:`xcgraph.graph.counter_rng`, whose bits these are."""
    x = (x ^ (x >> _30)) * _MUL_1
    x = (x ^ (x >> _27)) * _MUL_2
    return x ^ (x >> _31)


@numba.njit(nogil=True, cache=True)
def count_visits(
    label_ptr, label_doc, doc_ptr, doc_label, sources, length, threshold, seed, label, count, size
):  # pragma: no cover - compiled
    """Walks from each of ``sources`` and counts, for each, the labels visited.

    Args:
        label_ptr, label_doc: documents of each label; each of ``sources`` has one.
        doc_ptr, doc_label: labels of each document.
        sources: int64 ``[S]``.
        length: steps.
        threshold: a restart is a number below this among ``2^32``, uint64.
        seed: uint64.
        label: filled end to end with the labels visited from each source, ascending; ``[S * length]``.
        count: filled with how often.
        size: filled with how many different labels each source visits, ``[S]``.

    Returns:
        How many entries of ``label`` and ``count`` were filled.
    """
    slots = 16
    while slots < 2 * length:
        slots *= 2
    key = np.full(slots, -1, np.int64)
    times = np.zeros(slots, np.int64)
    start = _mix(seed * _GAMMA + _1)
    end = 0
    for i in range(sources.size):
        source = sources[i]
        stream = np.uint64(source) * _2
        walk_key = _mix(start ^ (stream * _GAMMA))
        restart_key = _mix(start ^ ((stream + _1) * _GAMMA))
        first, at = end, source
        halves = np.uint64(0)
        for step in range(length):
            if step % 2 == 0:
                halves = _mix(restart_key + np.uint64(step // 2 + 1) * _GAMMA)
                half = halves & _LOW
            else:
                half = halves >> _32
            if (half ^ _HIGH_BIT) < threshold:
                at = source
            bits = _mix(walk_key + np.uint64(step + 1) * _GAMMA)
            begin = label_ptr[at]
            pick = ((bits & _LOW) * np.uint64(label_ptr[at + 1] - begin)) >> _32
            doc = label_doc[begin + np.int64(pick)]
            begin = doc_ptr[doc]
            pick = ((bits >> _32) * np.uint64(doc_ptr[doc + 1] - begin)) >> _32
            at = doc_label[begin + np.int64(pick)]
            slot = np.int64((np.uint64(at) * _GAMMA) >> _32) % slots
            while key[slot] != at and key[slot] >= 0:
                slot = (slot + 1) % slots
            if key[slot] < 0:
                key[slot] = at
                label[end] = at
                end += 1
            times[slot] += 1
        label[first:end].sort()
        for place in range(first, end):
            slot = np.int64((np.uint64(label[place]) * _GAMMA) >> _32) % slots
            while key[slot] != label[place]:
                slot = (slot + 1) % slots
            count[place] = times[slot]
        key[:] = -1
        times[:] = 0
        size[i] = end - first
    return end
