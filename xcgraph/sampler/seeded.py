"""Kernels that draw from torch's global generator, made to follow another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(generator: torch.Generator | None) -> Iterator[None]:
    """Within, torch's CPU generator starts at a seed drawn from ``generator``; afterwards it is as it was.

    With ``None`` nothing is changed.
    """
    if generator is None:
        yield
        return
    seed = int(torch.randint(2**63 - 1, (1,), generator=generator))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
