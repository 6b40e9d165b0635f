"""What does each part of ECLARE bring? Trains it without, and compares on the same test documents.

    python benchmarks/ablation.py debian-rse --text title --seeds 0,1,2

trains every configuration (``benchmarks/configurations.py``) with every seed in a work folder, where finished runs
are taken again and interrupted ones go on. ``benchmarks/results/ablation`` gets a file for each run, and
``differences/`` in it one for each configuration: its distance from the default, by paired bootstrap over test
documents. ``benchmarks/render.py`` makes the table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from accuracy import parse_command, run_arguments, trim
from configurations import DEFAULT, Configuration, choose
from store import RESULTS, check_replaced, code_state, finished_state, store_options, write_text

from xcgraph.cli.child import run_bench
from xcgraph.metrics import Evaluator, paired_bootstrap
from xcgraph.metrics.paired_bootstrap import RESAMPLES, Contributions

if TYPE_CHECKING:
    from xcgraph.data import LFDataset


@click.command()
@click.argument("data")
@click.option("--text", type=click.Choice(["all", "title"]), default="all", show_default=True)
@click.option("--seeds", default="0", show_default=True, metavar="SEED,...")
@click.option("--configs", metavar="NAME,...", help="Some of the configurations; the default always comes first.")
@click.option("--paper", is_flag=True, help="The paper's recipe too.")
@click.option("--set", "common", multiple=True, metavar="KEY=VALUE", help="Change a setting of every run.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--work", type=click.Path(path_type=Path), metavar="DIR", help="[default: runs/ablation-DATA-TEXT]")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "ablation", metavar="DIR")
@store_options
def main(
    data: str,
    text: str,
    seeds: str,
    configs: str | None,
    paper: bool,
    common: tuple[str, ...],
    threads: int,
    work: Path | None,
    results: Path,
    force: bool,
    note: str | None,
    built_by: str | None,
) -> None:
    """Train ECLARE in every configuration on DATA, and store how far each is from the default."""
    from xcgraph.datasets import load_dataset

    if not re.fullmatch(r"\d+(,\d+)*", seeds):
        raise click.UsageError(f"--seeds: expected numbers, such as 0,1,2, got {seeds!r}")
    try:
        chosen = choose([name.strip() for name in (configs or "").split(",") if name.strip()], paper)
        numbers = sorted({int(seed) for seed in seeds.split(",")})
        dataset = load_dataset(data, text=text)  # type: ignore[arg-type]
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    task = f"{dataset.name}-{text}"
    work = work or Path("runs") / f"ablation-{task}"
    _, dirty = code_state()
    for configuration in chosen:  # before the time is spent
        for seed in numbers:
            check_replaced(results / f"{task}-{configuration.name}-seed{seed}.json", dirty, force)
    found: dict[tuple[str, int], Contributions] = {}
    for seed in numbers:
        for configuration in chosen:
            folder = work / f"{configuration.name}-seed{seed}"
            options = {
                "data": data, "text": text, "model": "eclare", "recipe": configuration.recipe, "seed": seed,
                "device": "auto",
            }  # fmt: skip
            changes = (*common, *configuration.changes)
            args = run_arguments(options, changes, str(folder))
            metrics, commit, dirty = _run(folder, args, dataset, configuration, changes, seed, threads, force)
            found[configuration.name, seed] = _contributions(folder, dataset)
            result = trim(metrics, parse_command(metrics["command"]), commit, dirty, None, note, built_by)
            result["configuration"] = configuration.name
            if configuration is not DEFAULT:
                result["difference"] = _difference(found, configuration, [seed])
            path = results / f"{task}-{configuration.name}-seed{seed}.json"
            check_replaced(path, dirty, force)
            write_text(path, json.dumps(result, indent=1) + "\n")
            click.echo(path)
    for configuration in chosen:
        if configuration is not DEFAULT:
            difference = {
                "configuration": configuration.name,
                "text": text,
                "data": result["data"],
                "seeds": numbers,
                "resamples": RESAMPLES,
                "difference": _difference(found, configuration, numbers),
            }
            path = results / "differences" / f"{task}-{configuration.name}.json"
            write_text(path, json.dumps(difference, indent=1) + "\n")
            click.echo(path)


def _difference(
    found: dict[tuple[str, int], Contributions], configuration: Configuration, seeds: Sequence[int]
) -> dict[str, dict[str, float]]:
    ours, others = ([found[name, seed] for seed in seeds] for name in (configuration.name, DEFAULT.name))
    return paired_bootstrap(ours, others)


def _run(
    folder: Path,
    args: list[str],
    data: LFDataset,
    configuration: Configuration,
    changes: Sequence[str],
    seed: int,
    threads: int,
    force: bool,
) -> tuple[dict[str, Any], str | None, bool]:
    """Metrics of a run, finished already or trained now, with the state of its code."""
    from xcgraph.peers import read_run
    from xcgraph.training import make_settings

    try:
        settings = make_settings("eclare", configuration.recipe, changes).as_dict()
    except ValueError as error:
        raise click.ClickException(f"{configuration.name}: {error}") from error
    commit, dirty = code_state()
    old = (folder / "metrics.json").is_file()
    if not old:
        click.echo(f"{configuration.name}, seed {seed}", err=True)
        # One that was killed goes on.
        run_bench([*args, "--quiet", *(["--resume"] if folder.is_dir() else [])], threads, show=False)
    try:
        metrics = read_run(folder, data)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    wanted = {"model": "eclare", "recipe": configuration.recipe, "seed": seed, "settings": settings}
    for key, value in wanted.items():
        if metrics.get(key) != value:
            raise click.ClickException(
                f"{folder}: expected a run of {configuration.name}, seed {seed}, got one of another {key}; "
                "delete it, or choose another --work"
            )
    if old:
        commit, dirty = finished_state(folder, metrics["train_seconds"]["total"], force)
    return metrics, commit, dirty


def _contributions(folder: Path, data: LFDataset) -> Contributions:
    from scipy.sparse import load_npz

    predictions = load_npz(folder / "predictions.npz")
    return Evaluator(data.train_y, data.propensity).contributions(predictions, None, data.test_y, data.test_filter)


if __name__ == "__main__":
    main()
