"""``xcgraph-bench compare``."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .child import run_bench
from .completion import complete_folder, complete_models, complete_peers
from .console import Console
from .errors import DataProblem, data_errors, usage_errors
from .loading import load
from .options import (
    check_out,
    data_argument,
    device_option,
    json_option,
    pass_console,
    quiet_option,
    resolve_device,
    seed_option,
    set_option,
    text_option,
)
from .output import echo_json, listing, printable, table

if TYPE_CHECKING:
    from xcgraph.data import LFDataset
    from xcgraph.peers import Comparison, Peer, Row

_MODELS = ("eclare", "decaf")
_EXPLAINED = (
    "query ms: from the features of one document to its best 5 labels, median of 300 test documents",
    "peak MB: of the process that loads, trains and predicts; MB of 10^6 bytes",
)


@click.command("compare", short_help="Compare with other methods, on this machine.")
@data_argument()
@click.option(
    "--models",
    default="none",
    show_default=True,
    metavar="NAME,...",
    shell_complete=complete_models,
    help="Models to train: eclare, decaf. Each goes to OUT/NAME; finished ones there are used again.",
)
@click.option(
    "--runs",
    "runs",
    multiple=True,
    metavar="RUN_DIR",
    shell_complete=complete_folder,
    help="A finished run on the same data; may be repeated.",
)
@click.option(
    "--peers",
    metavar="NAME,...",
    shell_complete=complete_peers,
    help="Other methods: parabel, bonsai, xr-linear, xr-linear-lf, plt, knn, centroid, text, mix; or none.  "
    "[default: parabel,bonsai,xr-linear,plt,knn,centroid]",
)
@text_option
@seed_option
@device_option
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="For training and batches, of peers and of --models; a single query gets one.",
)
@set_option("Change a setting of --models; may be repeated.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Gets a folder a method, and comparison.json.  [default: runs/compare-DATA-TEXT]",
)
@click.option("--rerun", is_flag=True, help="Measure anew what OUT holds finished results of.")
@quiet_option
@json_option
@pass_console
def command(
    console: Console,
    data: str,
    models: str,
    runs: tuple[str, ...],
    peers: str | None,
    text: str,
    seed: int,
    device: str,
    threads: int,
    changes: tuple[str, ...],
    out: Path | None,
    rerun: bool,
    as_json: bool,
) -> None:
    """Compare models with other methods on DATA: one machine, the same features, filter pairs and metrics.

    Peers that need libraries of their own run in a virtual environment that is made at first use.
    """
    if out is not None:
        check_out(out)
    from xcgraph.peers import DEFAULT_PEERS, Comparison, find_peers, read_run
    from xcgraph.training.run import write_json

    with usage_errors():
        chosen = find_peers(DEFAULT_PEERS if peers is None else _names(peers))
        own = _models(models, changes)
    if not (own or runs or chosen):
        raise click.UsageError("nothing to compare: name --models, --runs or --peers")
    device = resolve_device(device)
    dataset = load(data, text, console)
    out = out or Path("runs") / f"compare-{dataset.name}-{text}"
    finished = []
    for folder in map(Path, runs):
        metrics = read_run(folder, dataset)
        finished.append((f"{metrics['model']} ({folder})", folder, metrics))
    options = ["--text", text, "--seed", str(seed)]
    threading = ["--threads", str(threads), "--out", str(out)]
    found = _measure_peers(
        chosen, dataset, out, seed, threads, rerun, ["compare", data, *options, *threading], console
    )
    for name in own:
        args = ["run", data, "--model", name, *options, "--device", device]
        args += [word for change in changes for word in ("--set", change)]
        args += ["--quiet"] if console.quiet else []
        finished.append((name, out / name, _train([*args, "--out", str(out / name)], out / name, rerun, threads)))
    found = [_measure_model(name, folder, metrics, dataset, seed) for name, folder, metrics in finished] + found

    comparison = Comparison([*(row for row, _ in found), *_published(dataset.name)])
    notes = _notes(threads, found)
    result = {
        "data": dataset.name,
        "text": text,
        "threads": threads,
        "rows": [asdict(row) for row in comparison.rows],
        "gains": comparison.gains(),
        "notes": notes,
    }
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "comparison.json", result)
    if as_json:
        echo_json(result)
        return
    click.echo(f"{dataset.name}, text {text}: test documents, percent; * best measured")
    _print(comparison)
    click.echo("\n" + "\n".join(map(printable, notes)))
    click.echo(f"files in {out}")


def _names(given: str) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    return [] if names == ["none"] else names


def _models(given: str, changes: tuple[str, ...]) -> list[str]:
    """The models to train; their settings are looked at before the time is spent."""
    from xcgraph.training import make_settings

    names = list(dict.fromkeys(_names(given)))
    for name in names:
        if name not in _MODELS:
            raise click.UsageError(f"--models: no model is called {name!r}; known: {', '.join(_MODELS)}; or none")
        make_settings(name, "default", changes)
    if changes and not names:
        raise click.UsageError("--set has no effect without --models")
    return names


def _measure_peers(
    peers: list[Peer],
    data: LFDataset,
    out: Path,
    seed: int,
    threads: int,
    rerun: bool,
    args: list[str],
    console: Console,
) -> list[tuple[Row, dict[str, Any]]]:
    from xcgraph.peers import PeerEnvironment, PeerError, Row, measure_peer

    found = []
    environment = PeerEnvironment()
    try:
        # First, since it may fail, and the rest takes long.
        if any(peer.library for peer in peers) and not environment.is_ready():
            console.say(f"installing the peers' libraries in {environment.folder}")
            environment.prepare()
        for peer in peers:
            console.say(f"{peer.name}: {peer.description}")
            with usage_errors():
                metrics, old = measure_peer(
                    peer,
                    data,
                    out / peer.name,
                    seed=seed,
                    threads=threads,
                    rerun=rerun,
                    command=shlex.join(["xcgraph-bench", *args, "--peers", peer.name]),
                    environment=environment,
                )
            if old:
                console.say(f"{peer.name}: measured before, in {out / peer.name}")
            found.append((Row.measured(peer.name, "peer", metrics), metrics))
    except PeerError as error:
        raise DataProblem(str(error)) from error
    return found


def _train(args: list[str], out: Path, rerun: bool, threads: int) -> dict[str, Any]:
    if out.is_dir() and not rerun:
        args = [*args, "--resume"]
    run_bench(args, threads, show=False)
    return dict(json.loads((out / "metrics.json").read_text(encoding="utf-8")))


def _measure_model(
    name: str, folder: Path, metrics: dict[str, Any], data: LFDataset, seed: int
) -> tuple[Row, dict[str, Any]]:
    from xcgraph.peers import Row, measure_model

    with data_errors(str(folder)):
        metrics = {**metrics, **measure_model(folder / "model", data, seed)}
    return Row.measured(name, "model", metrics), metrics


def _published(name: str) -> list[Row]:
    """Published rows of a set of that name, where there are any."""
    from xcgraph.datasets import DATASETS, published_results
    from xcgraph.peers import Row

    return [Row.published(found) for found in (published_results(name) if name in DATASETS else [])]


def _print(comparison: Comparison) -> None:
    from xcgraph.peers import COLUMNS

    rows = [[row.name, *(row.get(column) for column in COLUMNS)] for row in comparison.rows]
    marked = {(i, 1 + COLUMNS.index(column)) for i, column in comparison.best()}
    click.echo(table(rows, ["", *COLUMNS], marked=marked, missing="-"))
    for name, found in comparison.gains().items():
        click.echo(f"\n{printable(name)} against the best peer on each metric, percent of the peer's:")
        click.echo(", ".join(f"{metric} {gain:+.1f} ({peer})" for metric, (gain, peer) in found.items()))
    click.echo("\ncommands")
    click.echo(listing((row.name, row.command) for row in comparison.rows if row.command))
    if any(row.source for row in comparison.rows):
        click.echo("\npublished: other hardware, so that seconds cannot be compared")
        click.echo(listing((row.name, row.source) for row in comparison.rows if row.source))


def _notes(threads: int, found: list[tuple[Row, dict[str, Any]]]) -> list[str]:
    lines = [f"threads: {threads} for training and batches, 1 for a single query", *_EXPLAINED]
    for row, metrics in found:
        device, own = metrics.get("device"), metrics.get("threads")
        if (device, own) != ("cpu", threads):
            lines.append(f"{row.name}: trained and predicted batches on {device}, with {own} threads")
    return lines
