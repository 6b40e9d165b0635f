"""``xcgraph-bench data build``."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from .completion import complete_built, complete_file, complete_folder
from .errors import overwrite_advice, usage_errors
from .options import flag, json_option, quiet_option
from .output import build_table, echo_json


@click.command("build", short_help="Write a named data set as a raw data folder.")
@click.argument("name", shell_complete=complete_built)
@click.option(
    "--out", required=True, metavar="DIR", shell_complete=complete_folder, help="The raw data folder to write."
)
@click.option("--overwrite", is_flag=True, help="Replace the data files that DIR holds; other files stay.")
@click.option(
    "--packages",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_file,
    help="debian: a Packages file, in any compression, instead of apt's own index; may be repeated.",
)
@click.option(
    "--translations",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_file,
    help="debian: a Translation-en file, with the long descriptions that belong to --packages; may be repeated.",
)
@click.option(
    "--descriptions", is_flag=True, default=None, help="debian: fetch the long descriptions (needs a network)."
)
@click.option(
    "--dir",
    "directory",
    metavar="DIR",
    shell_complete=complete_folder,
    help="wordnet: the folder of data.noun and its siblings.",
)
@click.option("--labels", "num_labels", type=int, help="planted: number of labels, 10 to 10,000,000.")
@click.option("--train", "num_train", type=int, help="planted: training documents, at least one a label.")
@click.option("--test", "num_test", type=int, help="planted: test documents.")
@click.option("--labels-per-community", type=int, help="planted: how many labels go together.")
@click.option("--communities", "num_communities", type=int, help="planted: instead of --labels-per-community.")
@click.option("--seed", type=click.IntRange(min=0), help="planted: the same seed gives the same bytes.")
@quiet_option
@json_option
def command(name: str, out: str, overwrite: bool, as_json: bool, **options: Any) -> None:
    """Write the data set NAME as a raw data folder: debian, debian-rse, wordnet or planted."""
    from xcgraph.datasets import build_dataset, build_options, find_dataset

    given = {key: value for key, value in options.items() if value is not None and value != ()}
    with usage_errors():
        name = find_dataset(name).name
        known = build_options(name)
        for key in given:
            if known and key not in known:
                raise click.UsageError(f"{name} has no {flag(key)}; it has {', '.join(map(flag, known))}")
        with overwrite_advice(overwrite):
            report = build_dataset(name, out, overwrite=overwrite, **given)
    if as_json:
        echo_json({"name": name, "out": out, **dataclasses.asdict(report)})
        return
    click.echo(f"{name} in {out}")
    click.echo(build_table(report))
