"""Under which conditions stored results were measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tables import Result, Task, label, unique


def console(commands: Iterable[str]) -> str:
    """Commands as a code block."""
    return "\n".join(["```console", *(f"$ {command}" for command in commands), "```"])


def notes(task: Task) -> list[str]:
    """What else decided over the numbers, where something did."""
    found: dict[str, list[str]] = {}
    for result in (*task.results, *task.peers):
        if "note" in result:
            names = found.setdefault(result["note"], [])
            names += [name] if (name := label([result])) not in names else []
    return [f"Note ({', '.join(names)}): {note}." for note, names in found.items()]


def conditions(results: Iterable[Result]) -> list[str]:
    """Machine, versions and commit of runs, each once."""
    names = ("python", "torch", "torch_geometric", "numpy", "scipy")
    return unique(
        f"{_where(result)}; xcgraph {result['versions']['xcgraph']}, {code(result)}; {_versions(result, names)}"
        for result in results
    )


def peer_conditions(peers: Sequence[Result]) -> list[str]:
    """The same of other methods, with the libraries of each."""
    lines = []
    for where in unique(f"{_where(peer)}; {code(peer)}" for peer in peers):
        own = [peer for peer in peers if f"{_where(peer)}; {code(peer)}" == where]
        libraries: dict[str, list[str]] = {}
        for peer in own:
            libraries.setdefault(_versions(peer, peer["versions"]), []).append(peer["model"])
        lines.append("; ".join([where, *(f"{', '.join(names)}: {what}" for what, names in libraries.items())]))
    return lines


def _where(result: Result) -> str:
    m = result["machine"]
    memory = "" if m["memory_gb"] is None else f", {m['memory_gb']:g} GB"
    where = f"{m['cpu']}, {m['cores']} cores{memory}, threads: {m['threads']}, {m['system']}"
    return f"{where}, device {result['device']}, {result['date']}"


def code(result: Result) -> str:
    """The commit that a result was measured at."""
    commit = result["commit"][:10] if result["commit"] else "unknown"
    return f"commit {commit}{' with uncommitted changes' if result['dirty'] else ''}"


def _versions(result: Result, names: Iterable[str]) -> str:
    return ", ".join(f"{name} {result['versions'][name]}" for name in names)
