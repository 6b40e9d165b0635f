"""One thing in a data folder that is worth a look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a health report flags.

    Args:
        what: plural: "test documents have the text of a training document".
        count: how many.
        places: the first few, as ``file:line``.
        advice: what to do.
    """

    what: str
    count: int
    places: tuple[str, ...]
    advice: str

    def __str__(self) -> str:
        more = ", ..." if self.count > len(self.places) else ""
        return f"{self.count:,} {self.what} ({', '.join(self.places)}{more}): {self.advice}"
