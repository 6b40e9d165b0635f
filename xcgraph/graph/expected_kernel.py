"""The expected visits of :class:`~xcgraph.graph.ExpectedWalk`, compiled for the CPU."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def _spread(value, places, walking, least, ptr, neighbour, share, reached):  # pragma: no cover - compiled
    """Shares out what labels have among their documents, or documents among their labels; they keep nothing.

    Args:
        value: what each has, ``[n]``.
        places: those that have something.
        walking: probability that a walk is still under way.
        least: what is less than this, times ``walking``, is left.
        ptr, neighbour: neighbours of each.
        share: is added to, ``[m]``; those that are not reached yet have 0.
        reached: filled with those that are, ``[m]``.

    Returns:
        How many are reached, and multiply-adds made.
    """
    num_reached, products = 0, 0
    for at in places:
        own = value[at]
        value[at] = 0.0
        begin, stop = ptr[at], ptr[at + 1]
        if begin == stop or own * walking < least:
            continue
        own /= stop - begin
        products += stop - begin
        for other in neighbour[begin:stop]:
            if share[other] == 0.0:
                reached[num_reached] = other
                num_reached += 1
            share[other] += own
    return num_reached, products


@numba.njit(nogil=True, cache=True)
def _sort(values):  # pragma: no cover - compiled
    """Ascending, in place. Most labels visit few: numba's sort allocates more than these take."""
    if values.size > 32:
        values.sort()
        return
    for place in range(1, values.size):
        value, free = values[place], place
        while free > 0 and values[free - 1] > value:
            values[free] = values[free - 1]
            free -= 1
        values[free] = value


def working_arrays(num_labels: int, num_docs: int) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """``sums`` (zeros) and ``places`` for :func:`expected_visits`, which leaves them as they were.

    They are as large as the set: a caller makes them once a thread, and not once a block of labels.
    """
    sizes = (num_labels, num_labels, num_labels, num_docs)
    return tuple(np.zeros(size) for size in sizes), tuple(np.empty(size, np.int64) for size in sizes)


@numba.njit(nogil=True, cache=True)
def expected_visits(
    label_ptr, label_doc, doc_ptr, doc_label, sources, hop_weight, go_on, tolerance, max_products, sums, places
):  # pragma: no cover - compiled
    """Follows the share of walks that each label gets, hop by hop, from each of ``sources``.

    Args:
        label_ptr, label_doc: documents of each label.
        doc_ptr, doc_label: labels of each document.
        sources: int64 ``[S]``.
        hop_weight: what a visit counts by its distance from the restart, float64 ``[H]``.
        go_on: probability of no restart.
        tolerance: labels are left where less than this share of the walks would go on.
        max_products: gives up after so many multiply-adds; 0 never does.
        sums, places: where to work, see :func:`working_arrays`; afterwards as before.

    Returns:
        ``(label, share, size, products)``: labels visited from each source, ascending, end to end (``[E]``); the
        expected share of its steps that visit them; how many each source visits (``[S]``); multiply-adds made.
    """
    here, there, total, at_doc = sums
    here_list, there_list, total_list, doc_list = places
    label, share = np.empty(1024, np.int64), np.empty(1024)
    size = np.zeros(sources.size, np.int64)
    products, end = 0, 0
    for i in range(sources.size):
        if 0 < max_products <= products:
            break
        source = sources[i]
        here[source], here_list[0], num_here, num_total = 1.0, source, 1, 0
        walking = 1.0
        for hop in range(hop_weight.size):
            # The source itself is never left.
            least = tolerance if hop > 0 else 0.0
            num_visited, made = _spread(
                here, here_list[:num_here], walking, least, label_ptr, label_doc, at_doc, doc_list
            )
            products += made
            num_there, made = _spread(
                at_doc, doc_list[:num_visited], 1.0, 0.0, doc_ptr, doc_label, there, there_list
            )
            products += made
            for place in range(num_there):
                at = there_list[place]
                if total[at] == 0.0:
                    total_list[num_total] = at
                    num_total += 1
                total[at] += hop_weight[hop] * there[at]
            here, there, here_list, there_list, num_here = there, here, there_list, here_list, num_there
            walking *= go_on
            if num_here == 0:
                break
        for place in range(num_here):
            here[here_list[place]] = 0.0
        if end + num_total > label.size:
            room = 2 * (end + num_total)
            label, share = np.append(label, np.empty(room, np.int64)), np.append(share, np.empty(room))
        _sort(total_list[:num_total])
        for place in range(num_total):
            at = total_list[place]
            label[end], share[end], total[at] = at, total[at], 0.0
            end += 1
        size[i] = num_total
    return label[:end], share[:end], size, products
