"""How accurate are other methods on a data set? Runs them, and keeps what was measured.

    python benchmarks/compare.py debian-rse --text title --name debian-rse-title

runs ``xcgraph-bench compare`` in a process of its own, and stores a file for each peer in
``benchmarks/results/compare``; ``--from DIR`` takes a finished ``--out`` folder of it instead. Models of this
package are measured by ``benchmarks/accuracy.py``; ``benchmarks/render.py`` makes the tables of both.
"""

from __future__ import annotations

import datetime
import json
import shlex
import tempfile
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
    rounded,
    store_options,
    write_text,
)

from xcgraph.cli.child import run_bench
from xcgraph.cli.compare import command as compare_command
from xcgraph.peers import PEERS, find_peers

SCHEMA = 1
_KEPT = ("train_seconds", "predict_ms_batch", "query_ms", "model_bytes", "peak_rss_mb")
_KEPT_LAST = ("seed", "device", "data", "settings", "versions")


@click.command()
@click.argument("data", required=False)
@click.option("--text", type=click.Choice(["all", "title"]), default="all", show_default=True)
@click.option("--peers", metavar="NAME,...", help="[default: all, or all that DIR holds]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--name", required=True, help="What the stored files begin with, such as debian-title.")
@click.option(
    "--from", "from_folder", type=click.Path(path_type=Path), metavar="DIR", help="A finished comparison."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Keep what compare leaves here.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "compare", metavar="DIR")
@store_options
def main(
    data: str | None,
    text: str,
    peers: str | None,
    seed: int,
    threads: int,
    name: str,
    from_folder: Path | None,
    out: Path | None,
    results: Path,
    force: bool,
    note: str | None,
    built_by: str | None,
) -> None:
    """Measure peers on DATA, and store what was measured as json."""
    if (data is None) == (from_folder is None):
        raise click.UsageError("give either DATA or --from")
    try:
        chosen = [peer.name for peer in find_peers([] if peers is None else peers.split(","))]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if from_folder is not None:
        found = [path.parent.name for path in from_folder.glob("*/metrics.json")]
        chosen = chosen or [peer for peer in PEERS if peer in found]
        if not chosen:
            raise click.ClickException(f"{from_folder}: expected a finished comparison with peers, got none")
        _store(from_folder, chosen, name, results, force, note, built_by, finished=True)
        return
    assert data is not None
    chosen = chosen or list(PEERS)
    _, dirty = code_state()
    for peer in chosen:  # before the time is spent
        check_replaced(results / f"{name}-{peer}.json", dirty, force)
    with tempfile.TemporaryDirectory(prefix="xcgraph-") as temporary:
        folder = out or Path(temporary) / "compare"
        options = ["--text", text, "--seed", str(seed), "--threads", str(threads)]
        run_bench(["compare", data, *options, "--peers", ",".join(chosen), "--out", str(folder)])
        # Without --out nothing in the folder can be of an earlier call.
        _store(folder, chosen, name, results, force, note, built_by, finished=out is not None)


def _store(
    folder: Path,
    peers: list[str],
    name: str,
    results: Path,
    force: bool,
    note: str | None,
    built_by: str | None,
    finished: bool,
) -> None:
    """Stores all peers of a folder, or none."""
    texts = {}
    for peer in peers:
        metrics = read_metrics(folder / peer)
        seconds = metrics["train_seconds"]["total"]
        commit, dirty = finished_state(folder / peer, seconds, force) if finished else code_state()
        date = datetime.date.fromtimestamp((folder / peer / "metrics.json").stat().st_mtime)
        result = {**trim(metrics, built_by), **provenance(metrics, commit, dirty, note, date)}
        path = results / f"{name}-{peer}.json"
        check_replaced(path, dirty, force)
        texts[path] = json.dumps(result, indent=1) + "\n"
    for path, text in texts.items():
        write_text(path, text)
        click.echo(path)


def trim(metrics: dict[str, Any], built_by: str | None = None) -> dict[str, Any]:
    """What is kept of a peer.

    Args:
        metrics: its ``metrics.json``.
        built_by: the command that made the data, where that is a folder.
    """
    words = shlex.split(metrics["command"])
    options = compare_command.make_context("compare", words[words.index("compare") + 1 :]).params
    # A folder is known by its name alone: its path says nothing elsewhere.
    args = ["compare", metrics["data"]["name"], "--text", options["text"], "--seed", str(metrics["seed"])]
    args += ["--threads", str(metrics["threads"]), "--peers", metrics["model"]]
    result = {"schema": SCHEMA, "command": full_command(args, built_by), "text": options["text"]}
    result |= {"model": metrics["model"], **rounded(metrics)}
    return result | {key: metrics[key] for key in (*_KEPT, *_KEPT_LAST)}


if __name__ == "__main__":
    main()
