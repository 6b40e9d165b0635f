"""Seconds and memory of parts of a process, and processes of their own to measure in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import psutil

from xcgraph.peers.runners.protocol import peak_rss_mb

_RESET = Path("/proc/self/clear_refs")


def in_own_process(script: str, options: Sequence[str], what: str) -> dict[str, Any]:
    """What ``script`` prints on its last line, as json, when it runs with ``--in-process``.

    A process of its own: what an allocator keeps of one measurement would count for the next. Its memory is in
    huge pages where the system has them, as that of ``xcgraph-bench``.
    """
    command = [sys.executable, script, *options, "--in-process"]
    environ = {"THP_MEM_ALLOC_ENABLE": "1", **os.environ}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environ, check=False)
    if done.returncode != 0:
        raise click.ClickException(f"{what}: ended with exit code {done.returncode}, see above")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def measured(record: dict[str, Any]) -> Iterator[None]:
    """Adds ``seconds``, ``before_mb`` and ``peak_mb`` of a ``with`` block to ``record``; blocks cannot be nested.

    ``between_mb`` is the peak since the block before.
    """
    record["between_mb"] = round(peak_rss_mb(), 1)
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError as error:
        raise click.ClickException(
            f"cannot reset the peak of memory ({error}); this benchmark needs Linux"
        ) from None
    record["before_mb"] = round(psutil.Process().memory_info().rss / 1e6, 1)
    start = time.perf_counter()
    yield
    record["seconds"] = round(time.perf_counter() - start, 3)
    record["peak_mb"] = round(peak_rss_mb(), 1)
