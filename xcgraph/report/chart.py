"""A chart as plain values; the page draws it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple


class Axis(NamedTuple):
    """An axis of a chart.

    Args:
        label: what it shows, and the unit.
        log: whether steps are factors.
        ticks: names of the places 1, 2, ... where these are no numbers.
    """

    label: str
    log: bool = False
    ticks: list[str] | None = None


class Series(NamedTuple):
    """What has one colour.

    Args:
        name: as the legend calls it.
        points: ``(x, y)`` pairs.
        shown: whether it is drawn before somebody asks for it.
    """

    name: str
    points: list[tuple[float, float]]
    shown: bool = True


@dataclass(frozen=True)
class Chart:
    """Lines with markers, or bars side by side.

    Args:
        title: what is to be seen.
        kind: of the marks.
        x: horizontal.
        y: vertical; begins at 0 if it is not logarithmic and the kind is ``"bars"``, or ``zero``.
        series: each in a colour.
        zero: whether ``y`` begins at 0.
    """

    title: str
    kind: Literal["lines", "bars"]
    x: Axis
    y: Axis
    series: list[Series]
    zero: bool = True

    def as_dict(self) -> dict[str, Any]:
        """As json values."""
        axes = {"x": self.x._asdict(), "y": self.y._asdict()}
        return {**asdict(self), **axes, "series": [series._asdict() for series in self.series]}

    def table(self) -> tuple[list[str], list[list[str | float | None]]]:
        """Its numbers for those who cannot see it: the header, and a row for each ``x``."""
        columns = [dict(series.points) for series in self.series]
        places = sorted({x for column in columns for x in column})
        names = [f"{x:g}" if self.x.ticks is None else self.x.ticks[round(x) - 1] for x in places]
        rows = [[name, *(column.get(x) for column in columns)] for name, x in zip(names, places, strict=True)]
        return [self.x.label, *(series.name for series in self.series)], rows


def span(low: int, high: int) -> str:
    """Whole numbers from ``low`` to ``high``, as a tick has room for."""
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"
