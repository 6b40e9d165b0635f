"""``xcgraph-bench data check``."""

from __future__ import annotations

import click

from .console import Console
from .options import json_option, pass_console
from .output import echo_json


@click.command("check")
@click.argument("folder", metavar="DIR")
@json_option
@pass_console
@click.pass_context
def command(ctx: click.Context, console: Console, folder: str, as_json: bool) -> None:
    """Every problem of a data folder, with file and line.

    Exit code 1 if any is an error; with warnings alone, runs go on correctly.
    """
    from xcgraph.data import check_folder

    problems = check_folder(folder)
    if as_json:
        echo_json([problem._asdict() for problem in problems])
    else:
        for problem in problems:
            click.echo(str(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    console.say(f"{folder}: {_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')}")
    if errors:
        ctx.exit(1)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
