"""Seeds for the parts of a run."""

from __future__ import annotations

import hashlib


def derive_seed(seed: int, *path: str | int) -> int:
    """A seed for one part of a run, such as ``derive_seed(0, "ranker", epoch)``.

    Each epoch has a seed of its own, so that a run continued after an epoch draws what it would have drawn.

    Returns:
        Between 0 and 2^31 - 1, which every library takes.
    """
    text = "/".join(str(part) for part in (seed, *path))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 33
