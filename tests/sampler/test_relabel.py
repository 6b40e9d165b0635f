from __future__ import annotations

import torch

from xcgraph.sampler.relabel import relabel


def test_by_hand(device):
    # 7 is known twice: its first number counts. 3 and 5 are new, and numbered in ascending order.
    new, local = relabel(torch.tensor([7, 9, 7], device=device), torch.tensor([5, 7, 3, 5, 9], device=device))
    assert new.tolist() == [3, 5] and local.tolist() == [4, 0, 3, 4, 1]


def test_nothing_known_or_found():
    none = torch.empty(0, dtype=torch.int32)
    new, local = relabel(none, torch.tensor([2, 1, 2], dtype=torch.int32))
    assert new.tolist() == [1, 2] and local.tolist() == [1, 0, 1] and new.dtype == torch.int32
    for known in (none, torch.tensor([4], dtype=torch.int32)):
        new, local = relabel(known, none)
        assert new.numel() == local.numel() == 0
