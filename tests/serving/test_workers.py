from __future__ import annotations

import asyncio
import threading

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from xcgraph.serving import Workers


def test_the_loop_goes_on_and_what_is_too_much_is_refused():
    go, names = threading.Event(), []

    def work():
        names.append(threading.current_thread())
        assert go.wait(30)
        return len(names)

    async def main():
        workers = Workers(threads=1, max_pending=2)
        running = [asyncio.create_task(workers.run(work)) for _ in range(2)]
        while not names:
            await asyncio.sleep(0.001)  # this thread is free
        with pytest.raises(BlockingIOError, match="2 requests are waiting already"):
            await workers.run(work)
        go.set()
        assert await asyncio.gather(*running) == [1, 2]
        assert await workers.run(lambda: "again") == "again"
        workers.close()

    asyncio.run(main())
    assert len(set(names)) == 1 and threading.current_thread() not in names


def test_a_failure_reaches_the_caller_and_frees_its_place():
    async def main():
        workers = Workers(threads=1, max_pending=1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await workers.run(lambda: 1 / 0)
        assert workers.pending == 0
        workers.close()

    asyncio.run(main())
