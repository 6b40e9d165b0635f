"""``xcgraph-bench preflight``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .console import Console
from .errors import DataProblem, usage_errors
from .loading import load
from .options import (
    data_argument,
    json_option,
    pass_console,
    quiet_option,
    resolve_device,
    training_options,
)
from .output import echo_json, table

if TYPE_CHECKING:
    from xcgraph.training.preflight import ProblemSize


@click.command("preflight", short_help="Predict memory, disk and time of a run.")
@data_argument()
@training_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where the run would be: its disk is looked at.",
)
@click.option(
    "--tokens",
    type=click.FloatRange(min=0, min_open=True),
    help="Tokens a text, for a published set that is not here.  [default: 10 for titles, 100 for full texts]",
)
@quiet_option
@json_option
@pass_console
def command(
    console: Console,
    data: str,
    model: str,
    text: str,
    device: str,
    recipe: str,
    changes: tuple[str, ...],
    out: Path,
    tokens: float | None,
    as_json: bool,
) -> None:
    """Predict memory, disk and time of a run on DATA, phase by phase, and compare them with this machine.

    Of a published set that is not here, the published sizes are taken. Exit code 1 if the run does not fit.
    """
    from xcgraph.training import make_settings
    from xcgraph.training.preflight import Machine, Rates, RunPlan, Verdict

    with usage_errors():
        settings = make_settings(model, recipe, changes)
    device = resolve_device(device)
    size = _size(data, text, tokens, console)
    plan = RunPlan(size, settings, model, recipe)
    rates = Rates.measured(device, plan.settings.dim)
    verdict = Verdict.of(size, settings, model, recipe, Machine.here(out))
    memory, disk, seconds = plan.memory(), plan.disk(), plan.seconds(rates)
    result: dict[str, Any] = {
        "data": data,
        "size": vars(size),
        "scoring": plan.scoring,
        "settings": plan.settings.as_dict(),
        "memory_bytes": {name: round(value) for name, value in memory.items()},
        "disk_bytes": {name: round(value) for name, value in disk.items()},
        "seconds": seconds,
        "rates": vars(rates),
        "machine": vars(verdict.machine),
        "fits": verdict.fits,
        "proposal": verdict.proposal,
    }
    if as_json:
        echo_json(result)
    else:
        click.echo(
            f"{model} on {data}, {recipe} recipe: {size.documents:,} documents, {size.labels:,} labels, "
            f"{size.tokens:,} tokens, dim {plan.settings.dim}, scoring {plan.scoring}"
        )
        names = list(dict.fromkeys([*memory, *seconds]))
        rows: list[list[Any]] = [[name, _gb(memory.get(name)), _hours(seconds.get(name))] for name in names]
        rows.append(["largest, sum", _gb(max(memory.values())), _hours(sum(seconds.values()))])
        click.echo(table(rows, ["phase", "memory, GB", "time, h"]))
        click.echo()
        click.echo(table([[name, _gb(value)] for name, value in disk.items()], ["files", "disk, GB"]))
        click.echo(
            f"\nhere: {_gb(verdict.machine.memory):.2f} GB of memory, {_gb(verdict.machine.disk):.2f} GB of disk"
        )
    if not verdict.fits:
        raise DataProblem(verdict.refusal())


def _size(data: str, text: Any, tokens: float | None, console: Console) -> ProblemSize:
    from xcgraph.datasets import available, find_dataset
    from xcgraph.training.preflight import ProblemSize

    try:
        info = find_dataset(data)
    except ValueError:
        info = None
    if info is None or info.kind == "built" or available(info.name)[0]:
        if tokens is not None:
            raise click.UsageError(f"--tokens: the texts of {data} are here, and are counted")
        return ProblemSize.from_data(load(data, text, console))
    assumed = tokens or (10.0 if "Titles" in info.name else 100.0)
    console.say(f"{info.name} is not here: published sizes, and {assumed:g} tokens a text")
    return ProblemSize.from_info(info, assumed)


def _gb(amount: float | None) -> float | None:
    return None if amount is None else amount / 1e9


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 3600
