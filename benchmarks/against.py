"""Models of this package against other methods, from stored results of both."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from tables import Group, Result, Task, by_configuration, label, table

from xcgraph.peers import Comparison, Row

#: What gains are stated of.
GAINS = ("P@1", "P@3", "P@5", "PSP@1", "PSP@3", "PSP@5")
#: Made of others, by hand, for these data; held against them by itself.
MIX = "mix"


def gains_table(task: Task) -> list[str]:
    """By how many percent each model is better than the best other method, and than ``mix``."""
    rows = []
    for group in by_configuration(task.results):
        for what, others in _sides(task.peers):
            name = label(group)
            own = _row(name, "model", group)
            found = Comparison([own, *(_row(p["model"], "peer", [p]) for p in others)]).gains()[name]
            cells = [
                f"{found[m][0]:+.1f}" + (f" ({found[m][1]})" if len(others) > 1 else "") if m in found else ""
                for m in GAINS
            ]
            rows.append([name, what, *cells])
    if not rows:
        return []
    return [
        "What the models gain, in percent of the other's value (medians over seeds; in brackets, which method was "
        "best):",
        table(["model", "over", *GAINS], rows),
    ]


def best_row(peers: Sequence[Result], metrics: Sequence[str]) -> tuple[str, list[str]]:
    """``best of 8 peers`` and the best value of each metric, whichever peer reached it; without ``mix``."""
    others = [peer for peer in peers if peer["model"] != MIX]
    cells = [f"{max(peer['metrics'][name] for peer in others):.2f}" for name in metrics]
    return _best_name(others), cells


def _sides(peers: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    others, mix = ([p for p in peers if (p["model"] == MIX) == is_mix] for is_mix in (False, True))
    return [(what, side) for what, side in ((_best_name(others), others), (MIX, mix)) if side]


def _best_name(others: Sequence[Result]) -> str:
    return f"best of {len(others)} peers" if len(others) > 1 else (others[0]["model"] if others else "")


def _row(name: str, kind: Literal["model", "peer"], group: Group) -> Row:
    """Medians over seeds as a row of ``xcgraph-bench compare``."""
    first = group[0]
    metrics = {key: statistics.median(result["metrics"][key] for result in group) for key in first["metrics"]}
    return Row.measured(name, kind, {**first, **metrics})


def is_default(result: Result) -> bool:
    """Whether a model was trained with the default recipe as it is, on any device."""
    return result["recipe"] == "default" and not result["changes"]
