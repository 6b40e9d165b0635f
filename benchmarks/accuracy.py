"""How accurate is a model on a data set? Trains it, and keeps what was measured.

    python benchmarks/accuracy.py --data debian-rse --text title --model eclare --seed 0

runs ``xcgraph-bench run`` in a process of its own, and stores the result in ``benchmarks/results/accuracy``;
``--from-run DIR`` takes a finished run instead. ``benchmarks/render.py`` makes the tables.
"""

from __future__ import annotations

import datetime
import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from store import RESULTS, ROOT, apt_releases, changed_since, code_state, machine, result_name, write_text

from xcgraph.cli.run import command as run_command

SCHEMA = 1
_KEPT = ("peak_rss_mb", "predict_ms_batch", "seed", "recipe", "device", "model", "data", "scoring")
_KEPT_LAST = ("settings", "versions")


@click.command()
@click.option("--data", metavar="DATA", help="A registry name or a folder.")
@click.option("--text", type=click.Choice(["all", "title"]), default="all", show_default=True)
@click.option("--model", type=click.Choice(["eclare", "decaf"]), default="eclare", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--recipe", type=click.Choice(["default", "paper"]), default="default", show_default=True)
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a setting; may be repeated.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep the run here.")
@click.option("--from-run", type=click.Path(path_type=Path), metavar="DIR", help="Take a finished run as it is.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "accuracy", metavar="DIR")
@click.option("--force", is_flag=True, help="Replace a stored result though the code has uncommitted changes.")
def main(
    data: str | None,
    text: str,
    model: str,
    seed: int,
    recipe: str,
    changes: tuple[str, ...],
    device: str,
    out: Path | None,
    from_run: Path | None,
    results: Path,
    force: bool,
) -> None:
    """Train a model on a data set, and store what was measured as json."""
    if (data is None) == (from_run is None):
        raise click.UsageError("give either --data or --from-run")
    commit, dirty = code_state()
    if from_run is not None:
        metrics = read_run(from_run)
        # Nothing in a run says which code it was of; code that is older than the run is that code.
        start = (from_run / "metrics.json").stat().st_mtime - metrics["train_seconds"]["total"]
        newer = changed_since(start)
        if newer and not force:
            raise click.ClickException(
                f"{from_run}: {newer[0]} is newer than this run; train again, or add --force to mark it as dirty"
            )
        result = trim(metrics, parse_command(metrics["command"]), commit, dirty or bool(newer))
    else:
        assert data is not None
        options = {"data": data, "text": text, "model": model, "recipe": recipe, "seed": seed, "device": device}
        # Asked before the time is spent.
        _check(results / f"{result_name(_plan(options, changes))}.json", dirty, force)
        with tempfile.TemporaryDirectory(prefix="xcgraph-") as temporary:
            folder = out or Path(temporary) / "run"
            start = time.perf_counter()
            args = _arguments(options, changes, str(folder))
            code = "import sys; from xcgraph.cli import main; main(prog_name='xcgraph-bench')"
            done = subprocess.run([sys.executable, "-c", code, *args], check=False)
            wall = time.perf_counter() - start
            if done.returncode:
                raise click.ClickException(f"{shlex.join(['xcgraph-bench', *args])}: exit code {done.returncode}")
            metrics = read_run(folder)
        result = trim(metrics, parse_command(metrics["command"]), commit, dirty, wall)
    path = results / f"{result_name(result)}.json"
    _check(path, result["dirty"], force)
    write_text(path, json.dumps(result, indent=1) + "\n")
    click.echo(path)


def trim(
    metrics: dict[str, Any], options: dict[str, Any], commit: str | None, dirty: bool, wall: float | None = None
) -> dict[str, Any]:
    """What is kept of a run.

    Args:
        metrics: its ``metrics.json``.
        options: of its command line, from :func:`parse_command`.
        commit: of the code.
        dirty: whether the code differs from that commit.
        wall: seconds that the whole command took, where that was measured.
    """
    # A folder is known by its name alone: its path says nothing elsewhere.
    options = {**options, "data": metrics["data"]["name"]}
    changes = dict(item.split("=", 1) for item in options["changes"])
    result: dict[str, Any] = {"schema": SCHEMA, "command": "", "text": options["text"], "changes": changes}
    result["metrics"] = {key: round(value, 4) for key, value in metrics.items() if "@" in key}
    result["per_decile"] = [
        {key: round(value, 4) if "@" in key else value for key, value in decile.items()}
        for decile in metrics["per_decile"]
    ]
    seconds = dict(metrics["train_seconds"])
    if wall is not None:
        seconds["wall"] = round(wall, 2)
    result["train_seconds"] = seconds
    result |= {key: metrics[key] for key in _KEPT}
    # Without validation metrics: what is chosen by them is kept, and test metrics are what is reported.
    result["phases"] = {
        name: {key: value for key, value in phase.items() if key not in ("best", "seconds")}
        for name, phase in metrics["phases"].items()
    }
    result |= {key: metrics[key] for key in _KEPT_LAST}
    result["machine"] = {**machine(), "threads": metrics["threads"]}
    if result["data"]["name"].startswith("debian"):
        result["apt"] = apt_releases()
    result |= {"date": datetime.date.today().isoformat(), "commit": commit, "dirty": dirty}
    arguments = _arguments(options, options["changes"], f"runs/{result_name(result)}")
    result["command"] = shlex.join(["xcgraph-bench", *arguments])
    return result


def parse_command(command: str) -> dict[str, Any]:
    """The options of a ``xcgraph-bench run`` command line, as ``run`` itself reads them."""
    words = shlex.split(command)
    return dict(run_command.make_context("run", words[words.index("run") + 1 :]).params)


def read_run(folder: Path) -> dict[str, Any]:
    """``metrics.json`` of a finished run."""
    path = folder / "metrics.json"
    if not path.is_file():
        raise click.ClickException(f"{folder}: expected a finished run with a metrics.json, got none")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _arguments(options: dict[str, Any], changes: tuple[str, ...], out: str) -> list[str]:
    args = ["run", str(options["data"])]
    for name in ("text", "model", "recipe", "seed"):
        args += [f"--{name}", str(options[name])]
    if options["device"] != "auto":
        args += ["--device", options["device"]]
    for change in changes:
        args += ["--set", change]
    return [*args, "--out", out]


def _plan(options: dict[str, Any], changes: tuple[str, ...]) -> dict[str, Any]:
    """What the name of the result will be made of."""
    from xcgraph.datasets import find_dataset

    try:
        name = find_dataset(options["data"]).name
    except ValueError:
        name = Path(options["data"]).resolve().name
    for change in changes:
        if "=" not in change:
            raise click.UsageError(f"--set {change}: expected KEY=VALUE")
    return {**options, "data": {"name": name}, "changes": dict(change.split("=", 1) for change in changes)}


def _check(path: Path, dirty: bool, force: bool) -> None:
    if path.exists() and dirty and not force:
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        raise click.ClickException(
            f"{shown}: stored already, and the code now has uncommitted changes; commit first, or add --force"
        )


if __name__ == "__main__":
    main()
