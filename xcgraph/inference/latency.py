"""How fast a predictor answers, and what its shortcuts cost in accuracy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from xcgraph.data import LFDataset

from .frozen_ensemble import FrozenEnsemble
from .frozen_index import FrozenIndex

#: Texts answered before the clock counts; and at most how many are timed.
WARM_UP = 50
QUERIES = 1000
_DEPTH = 5


@contextmanager
def one_thread() -> Iterator[None]:
    """Within the block, numerical libraries use one thread."""
    import torch
    from threadpoolctl import threadpool_limits

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def time_texts(answer: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> dict[str, float]:
    """Milliseconds from raw text to label names by one thread.

    Args:
        answer: takes a list of texts.
        texts: at least one. Some are answered before the clock counts.

    Returns:
        ``p50``, ``p95``, ``p99``, ``mean`` of one text at a time; ``batch``: all in one call, divided by their
        number; ``queries``: how many.
    """
    with one_thread():
        for i in range(WARM_UP):
            answer([texts[i % len(texts)]])
        seconds = np.empty(len(texts))
        for i, text in enumerate(texts):
            start = time.perf_counter()
            answer([text])
            seconds[i] = time.perf_counter() - start
        start = time.perf_counter()
        answer(texts)
        batch = (time.perf_counter() - start) / len(texts)
    p50, p95, p99 = np.percentile(1000 * seconds, (50, 95, 99)).tolist()
    return {
        "p50": p50,
        "p95": p95,
        "p99": p99,
        "mean": 1000 * float(seconds.mean()),
        "batch": 1000 * batch,
        "queries": len(texts),
    }


def index_accuracy(index: FrozenIndex | FrozenEnsemble, data: LFDataset, exact: bool = False) -> dict[str, float]:
    """Metrics in percent on the test documents of ``data``, whose features must be those of the index.

    Args:
        index: ranks the best five labels that are not filtered.
        data: test documents.
        exact: score all labels, see :meth:`FrozenIndex.rank`.
    """
    from xcgraph.metrics import Evaluator

    x = data.test_x
    pairs = np.bincount(data.test_filter[:, 0], minlength=x.shape[0])
    k = min(index.num_labels, _DEPTH + int(pairs.max(initial=0)))
    # A shortlist is by-passed for more labels than this: here it is what is to be measured.
    most = k if exact or index.most is None else min(k, index.most)
    ranked = np.full((x.shape[0], k), -1, dtype=np.int64)
    for row in range(x.shape[0]):
        entries = slice(x.indptr[row], x.indptr[row + 1])
        labels, _ = index.rank(
            x.indices[entries].astype(np.int32), x.data[entries], min(_DEPTH + int(pairs[row]), most), exact
        )
        ranked[row, : len(labels)] = labels
    # By rank and not by score: probabilities near one may be equal where logits were not.
    metrics = Evaluator(data.train_y, data.propensity).evaluate(ranked, None, data.test_y, data.test_filter)
    return {name: float(metrics[name]) for name in ("P@1", "P@5", "PSP@1", "PSP@5")}
