"""The expected visits of :class:`~xcgraph.graph.ExpectedWalk`, compiled for the CPU."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def expected_visits(
    label_ptr, label_doc, doc_ptr, doc_label, sources, hop_weight, go_on, tolerance, max_products
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

    Returns:
        ``(label, share, size, products)``: labels visited from each source, ascending, end to end (``[E]``); the
        expected share of its steps that visit them; how many each source visits (``[S]``); multiply-adds made.
    """
    num_labels, num_docs = label_ptr.size - 1, doc_ptr.size - 1
    here, there, total = np.zeros(num_labels), np.zeros(num_labels), np.zeros(num_labels)
    at_doc = np.zeros(num_docs)
    here_list, there_list = np.empty(num_labels, np.int64), np.empty(num_labels, np.int64)
    total_list, doc_list = np.empty(num_labels, np.int64), np.empty(num_docs, np.int64)
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
            num_visited = 0
            for place in range(num_here):
                at = here_list[place]
                value = here[at]
                here[at] = 0.0
                begin, stop = label_ptr[at], label_ptr[at + 1]
                if begin == stop or (hop > 0 and value * walking < tolerance):
                    continue
                value /= stop - begin
                products += stop - begin
                for entry in range(begin, stop):
                    doc = label_doc[entry]
                    if at_doc[doc] == 0.0:
                        doc_list[num_visited] = doc
                        num_visited += 1
                    at_doc[doc] += value
            num_there = 0
            for place in range(num_visited):
                doc = doc_list[place]
                begin, stop = doc_ptr[doc], doc_ptr[doc + 1]
                value = at_doc[doc] / (stop - begin)
                at_doc[doc] = 0.0
                products += stop - begin
                for entry in range(begin, stop):
                    at = doc_label[entry]
                    if there[at] == 0.0:
                        there_list[num_there] = at
                        num_there += 1
                    there[at] += value
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
        total_list[:num_total].sort()
        for place in range(num_total):
            at = total_list[place]
            label[end], share[end], total[at] = at, total[at], 0.0
            end += 1
        size[i] = num_total
    return label[:end], share[:end], size, products
