"""Makes the next batch on a CUDA device while the last one is used."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch_geometric.data import Data


class StreamPrefetcher(Iterator[Data]):
    """Runs an iterator of batches one batch ahead, on a CUDA stream of its own.

    Args:
        iterator: makes batches on ``device``.
        device: a CUDA device.
    """

    def __init__(self, iterator: Iterator[Data], device: torch.device) -> None:
        self.iterator = iterator
        self.device = device
        self.stream = torch.cuda.Stream(device)
        # The graph may still be on its way.
        self.stream.wait_stream(torch.cuda.current_stream(device))
        self._batch = self._fetch()

    def _fetch(self) -> Data | None:
        with torch.cuda.stream(self.stream):
            return next(self.iterator, None)

    def __next__(self) -> Data:
        batch = self._batch
        if batch is None:
            raise StopIteration
        current = torch.cuda.current_stream(self.device)
        current.wait_stream(self.stream)
        # Made on the other stream, used on this one: its memory must not be given away before.
        batch.record_stream(current)
        self._batch = self._fetch()
        return batch
