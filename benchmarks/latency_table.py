"""The section on single queries of ``docs/benchmarks.md``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conditions import code, console
from tables import NAMES, Result, number, table, unique

_PERCENTILES = ("p50", "p95", "p99")
_LOSSES = ("P@1", "PSP@5")


def latency_sections(results: Sequence[Result]) -> list[str]:
    """Nothing where nothing is stored."""
    if not results:
        return []
    results = sorted(results, key=lambda result: (result["kind"] == "planted", result["data"]["labels"]))
    rows = [_row(result, method) for result in results for method in result["methods"]]
    header = ["data", "labels", "D", "method", *(f"features, {name}" for name in _PERCENTILES)]
    header += [*(f"text, {name}" for name in _PERCENTILES), "batch", "MB", *(f"loss {name}" for name in _LOSSES)]
    header.append("agrees with exact")
    return [
        "## Single queries",
        "Milliseconds a query for its best 5 labels, one at a time, by one thread, after a warm-up. *features*: "
        "from the features of a document to label ids, the same 300 documents for every method; *text*: from "
        "raw text to label names; *batch*: the same for all texts in one call. Medians over rounds; where there "
        "are several methods, a round asks one after the other, so that all of them see the machine alike. *MB* "
        "is the frozen model with vectoriser and label names, and that of a trained model with what explanations "
        "need (without, `freeze` leaves less than half). *loss* is in percentage points of exact float32 scoring, "
        "on all test documents; *agrees with exact* is the share of the exact best 5 that are found.",
        table(header, rows),
        *(f"{how}" for how in unique(result["how"] for result in results if "how" in result)),
        "\n".join(_facts(result) for result in results),
        "Measured by:",
        console(result["command"] for result in results),
        "\n".join(f"- {line}" for line in unique(_where(result) for result in results)),
    ]


def _row(result: Result, method: dict[str, Any]) -> list[str]:
    own = method["method"] == "xcgraph"
    name = result["data"]["name"]
    name = f"{name}, {NAMES[result['text']]}" if result["kind"] == "trained" else name
    cells = [name, number(result["data"]["labels"]), str(result["dim"]) if own else "", method["method"]]
    for kind in ("features", "text"):
        cells += [_ms(method.get(kind, {}).get(percentile)) for percentile in _PERCENTILES]
    cells.append(_ms(method.get("text", {}).get("batch")))
    cells.append(f"{method['mb']:,.1f}" if "mb" in method else "")
    cells += [f"{method['loss'][metric]:+.2f}" if "loss" in method else "" for metric in _LOSSES]
    return [*cells, f"{method['agreement']:.1f} %" if "agreement" in method else ""]


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _facts(result: Result) -> str:
    line = f"- {result['data']['name']}, {number(result['data']['labels'])} labels: {result['index']}"
    if "freeze_seconds" in result:
        line += f"; frozen in {result['freeze_seconds']:.0f} s, loaded in {result['load_seconds']:.1f} s"
    return line + (f". Note: {result['note']}." if "note" in result else "")


def _where(result: Result) -> str:
    machine = result["machine"]
    return f"{machine['cpu']}, {machine['cores']} cores, one used; {result['date']}; {code(result)}"
