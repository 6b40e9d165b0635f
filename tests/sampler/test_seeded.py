from __future__ import annotations

import torch

from xcgraph.sampler.seeded import seeded


def test_follows_the_generator_and_restores_the_global_one():
    def draw(seed):
        with seeded(torch.Generator().manual_seed(seed)):
            return torch.rand(3).tolist()

    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    assert draw(1) == draw(1) != draw(2)
    assert torch.rand(1) == expected


def test_without_a_generator_nothing_changes():
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    with seeded(None):
        first = torch.rand(1)
    assert torch.cat([first, torch.rand(1)]).equal(expected)
