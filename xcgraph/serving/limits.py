"""What one request may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of requests; what exceeds them is refused before any work is done.

    Args:
        max_body: bytes of a request's body; more is answered by status 413, before it is parsed.
        max_batch: texts a request; more is answered by 422, as are the next two.
        max_text: characters a text.
        max_k: labels a text, and of a page of ``/labels``.
        max_pending: requests that wait or are worked on; more is answered by 503.
    """

    max_body: int = 1 << 20
    max_batch: int = 256
    max_text: int = 20_000
    max_k: int = 100
    max_pending: int = 256

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"'{name}' must be positive, got {value}")
