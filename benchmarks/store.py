"""Where measured results are kept, and what they are called: shared by the scripts of this folder."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

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
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
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
