"""How accurate is a model on a data set? Trains it, and keeps what was measured.

    python benchmarks/accuracy.py --data debian-rse --text title --model eclare --seed 0

runs ``xcgraph-bench run`` in a process of its own, and stores the result in ``benchmarks/results/accuracy``;
``--from-run DIR`` takes a finished run instead. ``benchmarks/render.py`` makes the tables.
"""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from pathlib import Path
from typing import Any

import click
from store import (
    RESULTS,
    check_replaced,
    code_state,
    finished_state,
    full_command,
    provenance,
    read_metrics,
    result_name,
    rounded,
    store_options,
    write_text,
)

from xcgraph.cli.child import run_bench
from xcgraph.cli.run import command as run_command

SCHEMA = 1
_KEPT = ("peak_rss_mb", "predict_ms_batch", "seed", "recipe", "device", "model", "data", "scoring")
# Runs of before these were measured have none.
_KEPT_IF_THERE = ("query_ms", "model_bytes", "fitted")
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
@store_options
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
    note: str | None,
    built_by: str | None,
) -> None:
    """Train a model on a data set, and store what was measured as json."""
    if (data is None) == (from_run is None):
        raise click.UsageError("give either --data or --from-run")
    if from_run is not None:
        metrics = read_metrics(from_run)
        commit, dirty = finished_state(from_run, metrics["train_seconds"]["total"], force)
        wall = None
        metrics |= measure_serving(from_run, metrics["command"])
    else:
        assert data is not None
        options = {"data": data, "text": text, "model": model, "recipe": recipe, "seed": seed, "device": device}
        commit, dirty = code_state()
        # Asked before the time is spent.
        check_replaced(results / f"{result_name(_plan(options, changes))}.json", dirty, force)
        with tempfile.TemporaryDirectory(prefix="xcgraph-") as temporary:
            folder = out or Path(temporary) / "run"
            start = time.perf_counter()
            run_bench(run_arguments(options, changes, str(folder)))
            wall = time.perf_counter() - start
            metrics = read_metrics(folder)
            metrics |= measure_serving(folder, metrics["command"])
    result = trim(metrics, parse_command(metrics["command"]), commit, dirty, wall, note, built_by)
    path = results / f"{result_name(result)}.json"
    check_replaced(path, dirty, force)
    write_text(path, json.dumps(result, indent=1) + "\n")
    click.echo(path)


def measure_serving(folder: Path, command: str) -> dict[str, Any]:
    """``query_ms`` and ``model_bytes`` of a finished run, as those of peers are measured."""
    from xcgraph.datasets import load_dataset
    from xcgraph.peers import measure_model

    options = parse_command(command)
    try:
        return measure_model(folder / "model", load_dataset(options["data"], text=options["text"]))
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{folder}: single queries cannot be measured ({error})") from error


def trim(
    metrics: dict[str, Any],
    options: dict[str, Any],
    commit: str | None,
    dirty: bool,
    wall: float | None = None,
    note: str | None = None,
    built_by: str | None = None,
) -> dict[str, Any]:
    """What is kept of a run.

    Args:
        metrics: its ``metrics.json``.
        options: of its command line, from :func:`parse_command`.
        commit: of the code.
        dirty: whether the code differs from that commit.
        wall: seconds that the whole command took, where that was measured.
        note: kept as it is.
        built_by: the command that made the data, where that is a folder.
    """
    # A folder is known by its name alone: its path says nothing elsewhere.
    options = {**options, "data": metrics["data"]["name"]}
    changes = dict(item.split("=", 1) for item in options["changes"])
    result: dict[str, Any] = {"schema": SCHEMA, "command": "", "text": options["text"], "changes": changes}
    result |= rounded(metrics)
    seconds = dict(metrics["train_seconds"])
    if wall is not None:
        seconds["wall"] = round(wall, 2)
    result["train_seconds"] = seconds
    result |= {key: metrics[key] for key in _KEPT}
    result |= {key: metrics[key] for key in _KEPT_IF_THERE if key in metrics}
    # Without validation metrics: what is chosen by them is kept, and test metrics are what is reported.
    result["phases"] = {
        name: {key: value for key, value in phase.items() if key not in ("best", "seconds")}
        for name, phase in metrics["phases"].items()
    }
    result |= {key: metrics[key] for key in _KEPT_LAST}
    result |= provenance(metrics, commit, dirty, note)
    arguments = run_arguments(options, options["changes"], f"runs/{result_name(result)}")
    result["command"] = full_command(arguments, built_by)
    return result


def parse_command(command: str) -> dict[str, Any]:
    """The options of a ``xcgraph-bench run`` command line, as ``run`` itself reads them."""
    words = shlex.split(command)
    return dict(run_command.make_context("run", words[words.index("run") + 1 :]).params)


def run_arguments(options: dict[str, Any], changes: tuple[str, ...], out: str) -> list[str]:
    """Command line of ``xcgraph-bench`` that makes a run."""
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


if __name__ == "__main__":
    main()
