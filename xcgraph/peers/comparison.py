"""Methods side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .row import COLUMNS, METRICS, Row


@dataclass(frozen=True)
class Comparison:
    """Methods that were measured on the same test documents, and published results on them.

    Args:
        rows: methods, in the order they are shown.
    """

    rows: Sequence[Row]

    def best(self) -> set[tuple[int, str]]:
        """(row, column) of the best measured value of each column, equal ones too; none of a lone method."""
        found: set[tuple[int, str]] = set()
        measured = [(i, row) for i, row in enumerate(self.rows) if row.kind != "published"]
        for name in COLUMNS if len(measured) > 1 else ():
            values = [value for _, row in measured if (value := row.get(name)) is not None]
            if values:
                best = max(values) if name in METRICS else min(values)
                found |= {(i, name) for i, row in measured if row.get(name) == best}
        return found

    def gains(self) -> dict[str, dict[str, tuple[float, str]]]:
        """By how many percent each model of this package is better than the best peer, by :data:`METRICS`.

        Returns:
            Name of the model -> metric -> (percent of the peer's value, name of that peer); no metrics in which no
            peer scores, and no models if there are no peers.
        """
        peers = [row for row in self.rows if row.kind == "peer"]
        out: dict[str, dict[str, tuple[float, str]]] = {}
        for row in self.rows if peers else ():
            if row.kind != "model":
                continue
            out[row.name] = {}
            for name in METRICS:
                value, best = max((peer.get(name) or 0.0, peer.name) for peer in peers)
                own = row.get(name)
                if value and own is not None:
                    out[row.name][name] = (100.0 * (own / value - 1.0), best)
        return out
