"""Stored results as rows of Markdown tables: what belongs together, and how a number is written."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from xcgraph.peers import PEERS

MODELS = ("eclare", "decaf")
NAMES = {"eclare": "ECLARE", "decaf": "DECAF", "title": "titles", "all": "all text"}

Result = dict[str, Any]
Group = list[Result]


@dataclass(frozen=True)
class Task:
    """What was measured on one data set and text.

    Args:
        name: what files about it begin with; no two tasks share one.
        results: of models of this package, by recipe, settings, model and seed.
        peers: of other methods.
    """

    name: str
    results: list[Result]
    peers: list[Result]

    @property
    def first(self) -> Result:
        """Any of the results: its data set and text are those of all."""
        return (self.results + self.peers)[0]

    @property
    def title(self) -> str:
        """Data set and text in words."""
        return f"{self.first['data']['name']}, {NAMES[self.first['text']]}"


def task_key(result: Result) -> Any:
    """What two results must share to be compared.

    Two builds of one data set are two tasks: their numbers cannot be compared.
    """
    data = result["data"]
    # The least text first: it is what the published sets of titles have.
    return data["name"], result["text"] != "title", tuple(sorted(data.items()))


def by_task(results: Sequence[Result], peers: Sequence[Result] = ()) -> list[Task]:
    """Results by data set and text; of a task there may be only the ones or only the others."""
    tasks: list[Task] = []
    names: set[str] = set()
    for key in sorted({task_key(result) for result in (*results, *peers)}):
        own = [result for result in results if task_key(result) == key]
        others = [result for result in peers if task_key(result) == key]
        first = (own + others)[0]
        name = stem = f"{first['data']['name']}-{first['text']}".replace("/", "_")
        number = 1
        while name in names:
            number += 1
            name = f"{stem}-{number}"
        names.add(name)
        own.sort(key=lambda result: (_configuration(result), result["seed"]))
        others.sort(key=lambda result: list(PEERS).index(result["model"]))
        tasks.append(Task(name, own, others))
    return tasks


def by_configuration(part: Sequence[Result]) -> list[Group]:
    """Results that differ in the seed alone."""
    return [list(group) for _, group in groupby(part, _configuration)]


def counterpart(result: Result) -> Any:
    """What two rows must share to be compared: everything but model and seed."""
    return result["recipe"], sorted(result["changes"].items()), result["device"]


def _configuration(result: Result) -> Any:
    return (*counterpart(result), MODELS.index(result["model"]))


COSTS: dict[str, tuple[Callable[[Result], float | None], int]] = {
    "training, s": (lambda result: result["train_seconds"]["total"], 1),
    "peak, MB": (lambda result: result["peak_rss_mb"], 0),
    "model, MB": (lambda result: result["model_bytes"] / 1e6 if "model_bytes" in result else None, 1),
    "one query, ms": (lambda result: result["query_ms"]["p50"] if "query_ms" in result else None, 2),
    "batch, ms": (lambda result: result["predict_ms_batch"], 2),
}
"""What a method costs: how it is read from a result, and the digits that are shown. Not all is known of all."""


def method_row(
    group: Group, metrics: Sequence[str], costs: Sequence[str] = tuple(COSTS), brackets: bool = True
) -> list[str]:
    """Cells of a table: method, recipe, seeds, metrics, costs."""
    first = group[0]
    cells = [
        method_name(first),
        recipe_name(first) if first["model"] in MODELS else "",
        ", ".join(str(result["seed"]) for result in group),
        *(spread([result["metrics"][name] for result in group], brackets=brackets) for name in metrics),
    ]
    for name in costs:
        read, digits = COSTS[name]
        values = [value for result in group if (value := read(result)) is not None]
        cells.append(spread(values, digits, brackets=brackets) if values else "")
    return cells


def label(group: Group) -> str:
    """A row's model, and its recipe where that is not the default."""
    name, recipe = method_name(group[0]), recipe_name(group[0])
    return name if recipe == "default" else f"{name} ({recipe})"


def method_name(result: Result) -> str:
    """How a model or peer is shown."""
    model = str(result["model"])
    return NAMES.get(model, model)


def recipe_name(result: Result) -> str:
    """The recipe with the settings that were changed; peers have none."""
    if "recipe" not in result:
        return "default"
    changes = [f"{key}={value}" for key, value in sorted(result["changes"].items())]
    if result["device"] != "cpu":
        changes.append(result["device"])
    return ", ".join([result["recipe"], *changes])


def middle(group: Group, name: str) -> float:
    """Median of a metric over seeds."""
    return float(statistics.median(result["metrics"][name] for result in group))


def spread(values: Sequence[float], digits: int = 2, sign: bool = False, brackets: bool = True) -> str:
    """The median, and with several values their least and most in brackets."""
    form: Callable[[float], str] = f"{{:{'+' if sign else ''},.{digits}f}}".format
    shown = form(statistics.median(values))
    return f"{shown} ({form(min(values))} to {form(max(values))})" if brackets and len(values) > 1 else shown


def number(value: int) -> str:
    """With separators."""
    return f"{value:,}"


def unique(values: Iterable[Any]) -> list[Any]:
    """Each value once, in the order of the first."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns of numbers, bold ones and blanks among them, to the right."""
    number_like = re.compile(r"(\**[-+]?[\d,]+(\.\d+)?\**( [(±].*)?)?")
    right = [
        any(row[i] for row in rows) and all(number_like.fullmatch(row[i]) for row in rows)
        for i in range(len(header))
    ]
    lines = [header, ["--:" if r else "---" for r in right], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
