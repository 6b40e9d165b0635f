from __future__ import annotations

import torch

from xcgraph.sparse import ragged_arange, rowptr_from_counts, rowptr_from_sorted


def test_rowptr(device):
    assert rowptr_from_counts(torch.tensor([2, 0, 3], device=device)).tolist() == [0, 2, 2, 5]
    assert rowptr_from_counts(torch.tensor([], dtype=torch.long, device=device)).tolist() == [0]
    assert rowptr_from_counts(torch.tensor([1, 2], dtype=torch.int32, device=device)).dtype == torch.int64
    assert rowptr_from_sorted(torch.tensor([0, 0, 2], device=device), 4).tolist() == [0, 2, 2, 3, 3]
    assert rowptr_from_sorted(torch.tensor([], dtype=torch.long, device=device), 2).tolist() == [0, 0, 0]


def test_ragged_arange(device):
    start, length = torch.tensor([5, 7, 0], device=device), torch.tensor([2, 0, 3], device=device)
    index, segment = ragged_arange(start, length)
    assert index.tolist() == [5, 6, 0, 1, 2]
    assert segment.tolist() == [0, 0, 2, 2, 2]
    index, segment = ragged_arange(start[:0], length[:0])
    assert index.numel() == segment.numel() == 0
