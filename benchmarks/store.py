"""Where measured results are kept, and what they are called: shared by the scripts of this folder."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"

# What decides over the numbers of a run. Results and pages are written after it, and do not count.
_CODE = ("xcgraph", "setup.cfg", "pyproject.toml", "constraints.txt", "benchmarks/*.py")


def result_name(result: dict[str, Any]) -> str:
    """``<data>-<text>-<model>-<recipe>-seed<seed>``, followed by the changed settings if there are any."""
    parts = [result["data"]["name"], result["text"], result["model"], result["recipe"], f"seed{result['seed']}"]
    parts += [f"{key}={value}" for key, value in sorted(result["changes"].items())]
    return "-".join(parts).replace("/", "_")


def load_results(folder: Path) -> list[dict[str, Any]]:
    """All results of a folder, in the order of their names; none if there is no such folder."""
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def write_text(path: Path, text: str) -> None:
    """Writes a file that is whole or as it was."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file that is whole or as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def code_state(root: Path = ROOT) -> tuple[str | None, bool]:
    """``(commit, dirty)``: the commit of the tree, and whether its code was changed since.

    A tree without git has no commit, and counts as changed.
    """
    commit = _output("git", "-C", str(root), "rev-parse", "HEAD")
    changed = _output("git", "-C", str(root), "status", "--porcelain", "--", *_CODE)
    return (commit.strip() if commit else None), commit is None or changed is None or bool(changed.strip())


def changed_since(seconds: float, root: Path = ROOT) -> list[str]:
    """Code of the package that was written after a time (seconds since the epoch), as paths below ``root``."""
    files = (root / "xcgraph").rglob("*.py")
    return sorted(str(path.relative_to(root)) for path in files if path.stat().st_mtime > seconds)


def finished_state(folder: Path, seconds: float, force: bool) -> tuple[str | None, bool]:
    """``(commit, dirty)`` of a result that was measured before.

    Nothing in a result says which code it was of; code that is older than the result is that code.

    Args:
        folder: of the result, with its ``metrics.json``.
        seconds: how long before ``metrics.json`` was written the work began.
        force: take newer code too, which makes the result dirty.
    """
    commit, dirty = code_state()
    newer = changed_since((folder / "metrics.json").stat().st_mtime - seconds)
    if newer and not force:
        raise click.ClickException(
            f"{folder}: {newer[0]} is newer than this run; train again, or add --force to mark it as dirty"
        )
    return commit, dirty or bool(newer)


def check_replaced(path: Path, dirty: bool, force: bool) -> None:
    """Refuses to replace a stored result by one of uncommitted code."""
    if path.exists() and dirty and not force:
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        raise click.ClickException(
            f"{shown}: stored already, and the code now has uncommitted changes; commit first, or add --force"
        )


def store_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every script that stores results."""
    for option in (
        click.option("--force", is_flag=True, help="Replace a stored result though the code has changes."),
        click.option("--note", metavar="TEXT", help="What else decided over the numbers; printed with them."),
        click.option("--built-by", metavar="COMMAND", help="What made the folder DATA; kept with the command."),
    ):
        command = option(command)
    return command


def read_metrics(folder: Path) -> dict[str, Any]:
    """``metrics.json`` of a finished run."""
    path = folder / "metrics.json"
    if not path.is_file():
        raise click.ClickException(f"{folder}: expected a finished run with a metrics.json, got none")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def rounded(metrics: dict[str, Any]) -> dict[str, Any]:
    """The metrics of a ``metrics.json``, whole and by decile, to four digits."""
    deciles = [
        {key: round(value, 4) if "@" in key else value for key, value in decile.items()}
        for decile in metrics["per_decile"]
    ]
    whole = {key: round(value, 4) for key, value in metrics.items() if "@" in key}
    return {"metrics": whole, "per_decile": deciles}


def provenance(
    metrics: dict[str, Any],
    commit: str | None,
    dirty: bool,
    note: str | None = None,
    date: datetime.date | None = None,
) -> dict[str, Any]:
    """Where, when and by which code something was measured; ``date`` is today if not given."""
    result: dict[str, Any] = {"machine": {**machine(), "threads": metrics["threads"]}}
    if metrics["data"]["name"].startswith("debian"):
        result["apt"] = apt_releases()
    result |= {"date": (date or datetime.date.today()).isoformat(), "commit": commit, "dirty": dirty}
    return result | ({"note": note} if note else {})


def full_command(args: Sequence[str], built_by: str | None = None) -> str:
    """The command line that is kept: ``xcgraph-bench`` with arguments, after what made its data."""
    command = shlex.join(["xcgraph-bench", *args])
    return f"{built_by} && {command}" if built_by else command


def machine() -> dict[str, Any]:
    """What the numbers of seconds depend on: processor, cores, memory, system."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        cores = os.cpu_count() or 1
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        system = platform.platform(terse=True)
    return {"cpu": _cpu_name(), "cores": cores, "memory_gb": _memory_gb(), "system": system}


def apt_releases() -> list[str]:
    """The releases that apt's package index is of, such as ``"Debian 12.15 main"``; none on other systems."""
    found = set()
    for line in (_output("apt-cache", "policy") or "").splitlines():
        word, _, rest = line.strip().partition(" ")
        fields = dict(part.partition("=")[::2] for part in rest.split(",") if "=" in part)
        if word == "release" and "l" in fields and "c" in fields:
            found.add(" ".join(fields[key] for key in ("l", "v", "c") if key in fields))
    return sorted(found)


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, OSError, ValueError):
        return None
