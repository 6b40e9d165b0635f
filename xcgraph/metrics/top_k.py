"""The k best labels a document, in an order that does not depend on the machine."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from xcgraph.sparse import segment_topk

MISSING = -1
"""Label id that stands for "no prediction at this rank"; its score is -inf."""


@overload
def top_k(scores: Tensor, k: int) -> tuple[Tensor, Tensor]: ...
@overload
def top_k(scores: Any, k: int) -> tuple[np.ndarray, np.ndarray]: ...


def top_k(scores: Any, k: int) -> tuple[Any, Any]:
    """The ``k`` best labels of each row, by descending score; of equal scores the lower label id comes first.

    Args:
        scores: a dense block of shape ``[N, L]`` (tensor or array), where -inf means "no candidate"; or a scipy
            sparse matrix of that shape, where every stored entry is a candidate, zeros and negatives too.
        k: labels to keep a row.

    Returns:
        ``(index, score)``, each of shape ``[N, min(k, L)]`` for dense and ``[N, min(k, most entries of a row)]``
        for sparse input, index int64. Rows with fewer candidates end in index -1, score -inf. Tensors for a
        tensor, on its device; arrays otherwise.

    Raises:
        ValueError: if a score is NaN, or ``k`` is not positive.
    """
    if k <= 0:
        raise ValueError(f"'k' must be a positive integer, got {k}")
    if isinstance(scores, Tensor):
        return _dense_top_k(scores, k)
    if isinstance(scores, np.ndarray):
        index, score = _dense_top_k(torch.from_numpy(np.ascontiguousarray(scores)), k)
        return index.numpy(), score.numpy()
    return _sparse_top_k(scores, k)


def _dense_top_k(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    if scores.dim() != 2:
        raise ValueError(f"'scores' must have shape [N, L], got {tuple(scores.shape)}")
    k = min(k, scores.size(1))
    if k == 0 or scores.size(0) == 0:
        return scores.new_empty(scores.size(0), k, dtype=torch.long), scores.new_empty(scores.size(0), k)
    score, index = torch.topk(scores, k, dim=1)
    if bool(score.isnan().any()):  # topk ranks NaN first, so a NaN anywhere is among the values
        raise ValueError("'scores' holds NaN, which cannot be ranked")
    # torch.topk takes any of the labels that tie with the last one taken. Where there are more of them than
    # places left, take the lowest ids instead; such rows are few unless the scores are degenerate.
    tied = ((scores >= score[:, -1:]).sum(dim=1) > k).nonzero().view(-1)
    for rows in tied.split(max(1, 2**24 // scores.size(1))):
        block, last = scores[rows], score[rows, -1:]
        above, equal = block > last, block == last
        room = k - above.sum(dim=1, keepdim=True)
        kept = above | (equal & (equal.cumsum(dim=1) <= room))
        index[rows] = kept.nonzero()[:, 1].view(-1, k)
    index = index.sort(dim=1).values
    score = scores.gather(1, index)
    score, order = score.sort(dim=1, descending=True, stable=True)
    index = index.gather(1, order)
    return index.masked_fill(score == -torch.inf, MISSING), score


def _sparse_top_k(scores: Any, k: int, block: int = 2**17) -> tuple[np.ndarray, np.ndarray]:
    matrix = scores.tocsr()
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    if np.isnan(matrix.data).any():
        raise ValueError("'scores' holds NaN, which cannot be ranked")
    count = np.diff(matrix.indptr)
    num_rows, width = matrix.shape[0], min(k, int(count.max(initial=0)))
    index = np.full((num_rows, width), MISSING, dtype=np.int64)
    score = np.full((num_rows, width), -np.inf, dtype=np.result_type(matrix.data.dtype, np.float32))
    start = 0
    while start < num_rows:  # whole rows; blocks that fit the cache sort twice as fast
        stop = int(np.searchsorted(matrix.indptr, matrix.indptr[start] + block, side="right")) - 1
        stop = min(max(stop, start + 1), num_rows)
        entries = slice(matrix.indptr[start], matrix.indptr[stop])
        row = np.repeat(np.arange(stop - start), count[start:stop])
        data, column = matrix.data[entries], matrix.indices[entries]
        kept = segment_topk(torch.from_numpy(data), torch.from_numpy(row), width, stop - start).numpy()
        row = row[kept]
        first = np.cumsum(np.minimum(count[start:stop], width)) - np.minimum(count[start:stop], width)
        rank = np.arange(row.size) - first[row]
        index[start + row, rank] = column[kept]
        score[start + row, rank] = data[kept]
        start = stop
    return index, score
