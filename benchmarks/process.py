"""Seconds and memory of parts of this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def rss_mb(field: str = "VmRSS") -> float:
    """Memory of this process in MB (10^6 bytes): ``VmRSS`` now, ``VmHWM`` at most since :func:`measured` began."""
    for line in _STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise click.ClickException(f"expected {field} in {_STATUS}, got none: memory can be measured on Linux alone")


@contextmanager
def measured(record: dict[str, Any]) -> Iterator[None]:
    """Adds ``seconds``, ``before_mb`` and ``peak_mb`` of a ``with`` block to ``record``; blocks cannot be nested.

    ``between_mb`` is the peak since the block before.
    """
    record["between_mb"] = round(rss_mb("VmHWM"), 1)
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError as error:
        raise click.ClickException(
            f"cannot reset the peak of memory ({error}); this benchmark needs Linux"
        ) from None
    record["before_mb"] = round(rss_mb(), 1)
    start = time.perf_counter()
    yield
    record["seconds"] = round(time.perf_counter() - start, 3)
    record["peak_mb"] = round(rss_mb("VmHWM"), 1)
