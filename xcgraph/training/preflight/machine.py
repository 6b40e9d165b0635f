"""What this machine has to offer."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Free memory and disk, in bytes.

    Args:
        memory: what this process may hold in all, with what it holds already.
        disk: free where the run's folder is.
    """

    memory: int
    disk: int

    @classmethod
    def here(cls, out: str | Path = ".") -> Machine:
        """This machine; of ``out`` or of the nearest folder above that exists.

        A limit of a container (cgroup) counts where it is lower than what the machine has.
        """
        import psutil

        own = psutil.Process().memory_info().rss
        memory = psutil.virtual_memory().available + own
        if (room := _cgroup_room()) is not None:
            memory = min(memory, room + own)
        folder = Path(out).resolve()
        while not folder.exists():
            folder = folder.parent
        return cls(memory, shutil.disk_usage(folder).free)


def _cgroup_room(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What the container may still take; ``None`` where it has no limit or says nothing."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            return max(0, int((root / limit).read_text()) - int((root / used).read_text()))
        except (OSError, ValueError):  # "max" is no limit
            continue
    return None
