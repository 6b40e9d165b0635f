"""From what a report shows to one html file."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from .chart import Chart

_FOLDER = Path(__file__).parent


def render_report(report: dict[str, Any]) -> str:
    """One page that needs no other file and no network.

    Whatever a report holds is text: the template escapes it, and the page tells the browser to run no script but
    its own.

    Args:
        report: as :func:`build_report` makes it.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Titles may hold halves of surrogate pairs, which cannot be written as UTF-8 but as json; no NaN is json.
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_function"] = _json
    environment.policies["json.dumps_kwargs"] = {}
    environment.filters |= {"number": _number, "label": _label}
    charts: list[dict[str, Any]] = []

    def place(chart: Chart) -> int:
        charts.append(chart.as_dict())
        return len(charts) - 1

    script, style = ((_FOLDER / f"report.{suffix}").read_text(encoding="utf-8") for suffix in ("js", "css"))
    return environment.get_template("report.html").render(
        **report,
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
        charts=charts,
        place=place,
    )


def _hash(text: str) -> str:
    """As a content security policy names a script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _number(value: Any, digits: int = 2) -> str:
    """As tables show it; nothing of nothing."""
    if value is None or value != value:
        return ""
    if isinstance(value, float):
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _label(name: str) -> str:
    """Name of a value in json, as words."""
    return name.replace("_", " ")
