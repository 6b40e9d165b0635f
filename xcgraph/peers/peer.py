"""A method to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_RUNNERS = Path(__file__).parent / "runners"


@dataclass(frozen=True)
class Peer:
    """A method that a runner script trains and measures in a process of its own.

    A process of its own because the peak of memory is a property of a process, and because libraries want versions
    of numpy and scipy that this package does not.

    Args:
        name: as in :data:`PEERS`.
        description: one line.
        script: file of the runner, by name if it is one of this package's.
        settings: what the runner is asked for beside its library's defaults; json values.
        library: whether it needs the libraries of :class:`PeerEnvironment`, beyond numpy and scipy.
    """

    name: str
    description: str
    script: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    library: bool = True

    @property
    def path(self) -> Path:
        """The script."""
        return _RUNNERS / self.script  # an absolute path stays itself
