"""``xcgraph-bench data check``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from .completion import complete_folder
from .console import Console
from .options import json_option, pass_console, quiet_option
from .output import counted, echo_json, frequency_table, table

if TYPE_CHECKING:
    from xcgraph.data import HealthReport


@click.command("check")
@click.argument("folder", metavar="DIR", shell_complete=complete_folder)
@quiet_option
@json_option
@pass_console
@click.pass_context
def command(ctx: click.Context, console: Console, folder: str, as_json: bool) -> None:
    """Every problem of a data folder, with file and line, and its state of health: what is worth a look, and why.

    Exit code 1 if any problem is an error; with warnings alone, runs go on correctly.
    """
    from xcgraph.data import examine_folder

    problems, health = examine_folder(folder)
    if as_json:
        echo_json(
            {
                "problems": [problem._asdict() for problem in problems],
                "health": None if health is None else dataclasses.asdict(health),
            }
        )
    else:
        for problem in problems:
            click.echo(str(problem))
        if health is not None:
            _show(health, after=bool(problems))
    errors = sum(problem.severity == "error" for problem in problems)
    console.say(f"{folder}: {counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}")
    if errors:
        ctx.exit(1)


def _show(health: HealthReport, after: bool) -> None:
    if after:
        click.echo()
    rows: list[list[Any]] = []
    for split, name, documents in (("train", "training", health.train), ("test", "test", health.test)):
        labels = health.labels_per_document[split]
        rows.append([f"{name} documents", documents])
        rows.append([f"labels of a {name} document, mean", labels["mean"]])
        rows.append([f"labels of a {name} document, median", labels["median"]])
        rows.append([f"labels of a {name} document, most", labels["max"]])
        rows.append([f"filter pairs of {name} documents", health.filter_pairs[split]])
    click.echo(table([["labels", health.labels], *rows]))
    click.echo("\nlabels by number of training documents")
    click.echo(frequency_table(health.deciles))
    if health.findings:
        click.echo("\nworth a look")
    for finding in health.findings:
        click.echo(f"- {finding}")
