"""How fast this machine is at what training does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from xcgraph.sparse import spmm


@dataclass(frozen=True)
class Rates:
    """Operations a second.

    Args:
        flops: multiply-adds of dense products.
        gather: numbers of rows gathered at random and added up, as embeddings are.
        elements: numbers of a block read and written, as a softmax does.
        steps: tiny tensor operations: what a step costs however small it is.
    """

    flops: float
    gather: float
    elements: float
    steps: float

    @classmethod
    def measured(cls, device: torch.device | str = "cpu", dim: int = 256) -> Rates:
        """Of a device, in a fraction of a second."""
        device = torch.device(device)
        size = 512
        left, right = torch.rand(size, dim, device=device), torch.rand(dim, 8 * size, device=device)
        # Larger than caches: of the tables of real runs few rows are in them.
        table = torch.rand(max(1, (1 << 25) // dim), dim, device=device)
        index = torch.randint(table.size(0), (1 << 14,), device=device)
        rowptr = torch.arange(0, index.numel() + 1, 8, device=device)
        block = torch.rand(1 << 21, device=device)
        small = torch.rand(16, device=device)
        return cls(
            flops=size * dim * 8 * size / _seconds(lambda: left @ right, device),
            gather=index.numel() * dim / _seconds(lambda: spmm(rowptr, index, None, table), device),
            elements=block.numel() / _seconds(lambda: block.view(1024, -1).softmax(dim=1), device),
            steps=1 / _seconds(lambda: small + small, device),
        )


def _seconds(function: Callable[[], object], device: torch.device, budget: float = 0.05) -> float:
    """Seconds of one call: the best of those that fit the budget, after one that is not counted."""

    def once() -> float:
        start = time.perf_counter()
        function()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - start

    once()
    best = spent = once()
    while spent < budget:
        seconds = once()
        best, spent = min(best, seconds), spent + seconds
    return max(best, 1e-9)
