"""``xcgraph-bench run``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .console import Console
from .errors import DataProblem, Interrupted, usage_errors
from .loading import load, load_default
from .options import (
    check_out,
    data_argument,
    json_option,
    pass_console,
    quiet_option,
    resolve_device,
    seed_option,
    training_options,
)
from .output import decile_table, echo_json, metrics_table, table

if TYPE_CHECKING:
    from xcgraph.data import LFDataset
    from xcgraph.training import Settings


@click.command("run", short_help="Train a model, evaluate it, print the metrics.")
@data_argument(required=False)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Gets metrics.json, predictions.npz, model/ and log.jsonl; a finished run there is replaced.",
)
@training_options
@seed_option
@click.option(
    "--no-preflight", is_flag=True, help="Start even where memory or disk are predicted not to be enough."
)
@click.option("--resume", is_flag=True, help="Go on after the last epoch of an interrupted run in DIR.")
@quiet_option
@json_option
@pass_console
def command(
    console: Console,
    data: str | None,
    model: str,
    out: Path,
    text: str,
    seed: int,
    device: str,
    recipe: str,
    changes: tuple[str, ...],
    no_preflight: bool,
    resume: bool,
    as_json: bool,
) -> None:
    """Train a model on DATA, evaluate it on the test documents, and print the metrics.

    DATA is a name that "datasets" lists, or a folder; without it, debian-rse where this machine can build it, else
    planted.
    """
    _check_out(out)
    from xcgraph.training import make_settings, run_benchmark
    from xcgraph.training.callbacks import ProgressBar, summary_writer

    with usage_errors():
        settings = make_settings(model, recipe, changes)
    if settings.log == "tensorboard":
        summary_writer()  # before time is spent
    device = resolve_device(device)
    args = [arg for arg in console.args if arg != "--resume"]
    if data is None:
        name, dataset = load_default(text, console)
        # The command that is kept must give the same anywhere.
        args.append(name)
    else:
        dataset = load(data, text, console)
    if resume and (out / "metrics.json").is_file():
        console.say(f"{out}: this run is finished; these are its metrics")
    elif not no_preflight:
        _check_machine(dataset, settings, model, recipe, device, out)
    if resume and not (out / "checkpoints").is_dir() and not (out / "metrics.json").is_file():
        console.say(f"{out}: no interrupted run to resume; starting a new one")
    console.say(f"training {model}, {recipe} recipe, seed {seed}, on {device}")
    progress = ProgressBar()
    try:
        with usage_errors():
            metrics = run_benchmark(
                dataset,
                out,
                model=model,
                recipe=recipe,
                settings=settings,
                seed=seed,
                device=device,
                resume=resume,
                command=shlex.join(["xcgraph-bench", *args]),
                callbacks=() if console.quiet else (progress,),
            )
    except KeyboardInterrupt:
        raise Interrupted("Interrupted; the same command with --resume goes on after the last epoch") from None
    finally:
        progress.close()
    if as_json:
        echo_json(metrics)
        return
    click.echo(f"{model} on {dataset.name}: test documents, percent")
    _print(metrics)
    click.echo(f"\nfiles in {out}")


def _print(metrics: dict[str, Any]) -> None:
    click.echo(metrics_table(metrics))
    click.echo("\nlabels by number of training documents")
    click.echo(decile_table(metrics["per_decile"]))
    click.echo()
    rows = [[f"training, {phase}", seconds, "s"] for phase, seconds in metrics["train_seconds"].items()]
    rows.append(["prediction, a document in a batch", metrics["predict_ms_batch"], "ms"])
    rows.append(["peak memory", metrics["peak_rss_mb"], "MB"])
    click.echo(table(rows))


def _check_machine(
    dataset: LFDataset, settings: Settings, model: str, recipe: str, device: str, out: Path
) -> None:
    """Refuses a run that needs more than this machine has; a GPU's memory is not predicted."""
    from xcgraph.training.preflight import Machine, ProblemSize, Verdict

    if device != "cpu":
        return
    verdict = Verdict.of(ProblemSize.from_data(dataset), settings, model, recipe, Machine.here(out))
    if not verdict.fits:
        raise DataProblem(f"{verdict.refusal()}; --no-preflight starts it all the same")


def _check_out(out: Path) -> None:
    """Refuses what cannot be written, and a folder with files of something else: a new run deletes what an old one
    left.
    """
    check_out(out)
    if out.exists() and not out.is_dir():
        raise click.UsageError(f"--out {out}: expected a folder, got a file; choose another name")
    if out.is_dir() and any(out.iterdir()) and not _is_run(out):
        raise click.UsageError(f"--out {out}: holds files, but no earlier run; choose another folder")


def _is_run(out: Path) -> bool:
    state = out / "checkpoints"
    # A run killed in its first moments has written no more than the beginning of run.json.
    barely = state.is_dir() and {path.name for path in state.iterdir()} <= {"run.json", "run.json.tmp"}
    if barely and {path.name for path in out.iterdir()} <= {"checkpoints", "log.jsonl"}:
        return True
    if state.is_dir() and any(state.iterdir()):
        return (state / "run.json").is_file()
    return (out / "log.jsonl").is_file() and (
        (out / "metrics.json").is_file() or (out / "model" / "config.json").is_file()
    )
