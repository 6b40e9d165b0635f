"""Threads that answer, apart from the one that talks to clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Workers:
    """A few threads, since each keeps buffers of the size of the label set, and a bound on what waits for them.

    Args:
        threads: that work at a time.
        max_pending: calls that wait or are worked on.
    """

    def __init__(self, threads: int, max_pending: int) -> None:
        self.max_pending = max_pending
        self.pending = 0
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="xcgraph-serve")

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` returns, called in a thread.

        Raises:
            BlockingIOError: if too many calls are pending.
        """
        if self.pending >= self.max_pending:
            raise BlockingIOError(f"{self.pending} requests are waiting already; try again in a moment")
        self.pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self.pending -= 1

    def close(self) -> None:
        """Ends the threads when they have finished what they do."""
        self._executor.shutdown()
