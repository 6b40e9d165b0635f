from __future__ import annotations

import pytest
import torch

from xcgraph.sparse import segment_topk


def oracle(value: list[float], segment: list[int], k: int) -> list[int]:
    out = []
    for s in sorted(set(segment)):
        mine = [i for i, t in enumerate(segment) if t == s]
        out += sorted(mine, key=lambda i: (-value[i], i))[:k]
    return out


@pytest.mark.parametrize("k", [1, 2, 5])
def test_equals_sorting_each_segment(k, device):
    generator = torch.Generator().manual_seed(k)
    segment = torch.randint(6, (40,), generator=generator).sort().values
    value = torch.randint(5, (40,), generator=generator).float()  # with ties
    picked = segment_topk(value.to(device), segment.to(device), k, 7)
    assert picked.tolist() == oracle(value.tolist(), segment.tolist(), k)


def test_empty_and_nothing_wanted():
    empty = torch.empty(0, dtype=torch.long)
    assert segment_topk(torch.empty(0), empty, 3).tolist() == []
    assert segment_topk(torch.ones(2), torch.tensor([0, 1]), 0).tolist() == []
    assert segment_topk(torch.ones(2), torch.tensor([0, 1]), 1).tolist() == [0, 1]
