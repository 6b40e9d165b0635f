"""Stored results as rows of Markdown tables: what belongs together, and how a number is written."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

MODELS = ("eclare", "decaf")
NAMES = {"eclare": "ECLARE", "decaf": "DECAF", "title": "titles", "all": "all text"}

Result = dict[str, Any]
Group = list[Result]


def by_task(results: Sequence[Result]) -> list[list[Result]]:
    """Results by data set and text, those of one task by model, recipe, settings and seed.

    Two builds of one data set are two tasks: their numbers cannot be compared.
    """

    def task(result: Result) -> Any:
        data = result["data"]
        # The least text first: it is what the published sets of titles have.
        return data["name"], result["text"] != "title", sorted(data.items())

    ordered = sorted(results, key=lambda result: (task(result), _configuration(result), result["seed"]))
    return [list(part) for _, part in groupby(ordered, task)]


def by_configuration(part: Sequence[Result]) -> list[Group]:
    """Results that differ in the seed alone."""
    return [list(group) for _, group in groupby(part, _configuration)]


def counterpart(result: Result) -> Any:
    """What two rows must share to be compared: everything but model and seed."""
    return result["recipe"], sorted(result["changes"].items()), result["device"]


def _configuration(result: Result) -> Any:
    return (*counterpart(result), MODELS.index(result["model"]))


def configuration_row(group: Group, metrics: Sequence[str], brackets: bool = True) -> list[str]:
    """Cells of a table: model, recipe, seeds, metrics, seconds, memory, prediction."""
    first = group[0]
    return [
        NAMES[first["model"]],
        recipe_name(first),
        ", ".join(str(result["seed"]) for result in group),
        *(spread([result["metrics"][name] for result in group], brackets=brackets) for name in metrics),
        spread([result["train_seconds"]["total"] for result in group], 0, brackets=brackets),
        spread([result["peak_rss_mb"] for result in group], 0, brackets=brackets),
        spread([result["predict_ms_batch"] for result in group], brackets=brackets),
    ]


def label(group: Group) -> str:
    """A row's model, and its recipe where that is not the default."""
    name = NAMES[group[0]["model"]]
    return name if recipe_name(group[0]) == "default" else f"{name} ({recipe_name(group[0])})"


def recipe_name(result: Result) -> str:
    """The recipe with the settings that were changed."""
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
    """A Markdown table; columns of numbers to the right."""
    number_like = re.compile(r"[-+]?[\d,]+(\.\d+)?( \(.*)?")
    right = [all(number_like.fullmatch(row[i]) for row in rows) for i in range(len(header))]
    lines = [header, ["--:" if r else "---" for r in right], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
