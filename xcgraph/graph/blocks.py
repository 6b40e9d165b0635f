"""Label graphs made a block of rows at a time, so that no unpruned graph is held."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.transforms import FillSelfLoops

Edges = tuple[Tensor, Tensor, Tensor]
"""``(target, source, weight)``, each of shape ``[E]``: row and column of G, and the entry."""


def row_blocks(cost: np.ndarray, budget: float) -> Iterator[tuple[int, int]]:
    """Cuts rows into ranges ``(start, stop)`` of total ``cost`` (shape ``[R]``) up to ``budget``, or one row."""
    total = np.cumsum(cost, dtype=np.float64)
    start = 0
    while start < total.size:
        spent = total[start - 1] if start else 0.0
        stop = max(start + 1, int(np.searchsorted(total, spent + budget, side="right")))
        yield start, stop
        start = stop


T = TypeVar("T")
R = TypeVar("R")


def in_threads(function: Callable[[T], R], items: Iterable[T], num_threads: int) -> Iterator[R]:
    """Results in the order of ``items``, a few ahead of what is asked for: they are not piled up.

    Threads of Python's, for functions that let others run; numba's own share OpenMP with torch, which then runs on
    as many.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(num_threads) as pool:
        for item in items:
            if len(waiting) == 2 * num_threads:
                yield waiting.popleft().result()
            waiting.append(pool.submit(function, item))
        while waiting:
            yield waiting.popleft().result()


def csr_edges(rows: Any, first_row: int) -> Edges:
    """The entries of a block of G, a scipy CSR matrix whose row 0 is row ``first_row`` of G."""
    target = np.repeat(np.arange(first_row, first_row + rows.shape[0]), np.diff(rows.indptr))
    source, weight = rows.indices.astype(np.int64), rows.data.astype(np.float32)
    return torch.from_numpy(target), torch.from_numpy(source), torch.from_numpy(weight)


def graph_from_blocks(blocks: Iterable[Edges], transform: Callable[[Data], Data], num_labels: int) -> Data:
    """Applies ``transform`` to each block, joins the results, and adds missing self loops with weight 1."""
    index, weight = [], []
    for target, source, value in blocks:
        kept = transform(
            Data(edge_index=torch.stack([source, target]), edge_weight=value.float(), num_nodes=num_labels)
        )
        index.append(kept.edge_index)
        weight.append(kept.edge_weight)
    if not index:
        index, weight = [torch.empty(2, 0, dtype=torch.long)], [torch.empty(0)]
    graph = Data(edge_index=torch.cat(index, dim=1), edge_weight=torch.cat(weight), num_nodes=num_labels)
    return FillSelfLoops(1.0)(graph)
