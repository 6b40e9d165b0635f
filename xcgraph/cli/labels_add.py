"""``xcgraph-bench labels add``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .completion import complete_file
from .edited_model import edit_model, out_option
from .errors import DataProblem, in_flags
from .options import json_option, model_argument

if TYPE_CHECKING:
    from xcgraph.inference import Predictor

# What the library advises that no option of this command does.
_NO_OPTION = re.compile(r", or (?:give the right|the right|set) '(?:delimiter|encoding|quotes)'(?: to none)?$")


@click.command("add", short_help="Add labels by their titles.")
@model_argument
@click.argument("titles", nargs=-1, metavar="[TITLE]...")
@out_option
@click.option(
    "--input",
    "source",
    metavar="FILE",
    shell_complete=complete_file,
    help="New labels: a row each; CSV, TSV, JSON lines or Parquet.",
)
@click.option("--title", metavar="COLUMN", default="title", show_default=True, help="Of --input: their titles.")
@click.option("--uid", metavar="COLUMN", help="Of --input: their names.  [default: the titles]")
@click.option(
    "--neighbours", metavar="COLUMN", help="Of --input: uids of labels beside which each belongs; may be empty."
)
@click.option("--separator", default=";", show_default=True, help="Between neighbours of one label.")
@json_option
def command(
    model_dir: str,
    titles: tuple[str, ...],
    out: Path,
    source: str | None,
    title: str,
    uid: str | None,
    neighbours: str | None,
    separator: str,
    as_json: bool,
) -> None:
    """Write a model that knows more labels to --out, without training.

    A new label's vector comes from its title and from its neighbours: those that are given, or the labels whose
    texts are nearest. MODEL_DIR is the --out of a run, model/ in it, or what freeze or labels wrote.
    """
    if bool(titles) == (source is not None):
        raise click.UsageError("give either TITLE or --input FILE")
    if source is None and (uid is not None or neighbours is not None):
        raise click.UsageError("--uid and --neighbours say how to read --input: give it too")
    names, uids, given = list(titles), list(titles), [None] * len(titles)
    if source is not None:
        names, uids, given = _read(Path(source), title, uid, neighbours, separator)

    def edit(predictor: Predictor) -> None:
        predictor.add_labels(names, uids, given)

    edit_model(model_dir, out, as_json, edit)


def _read(
    path: Path, title: str, uid: str | None, neighbours: str | None, separator: str
) -> tuple[list[str], list[str], list]:
    """Titles, uids and neighbours (``None`` for an empty cell) of a table's rows."""
    from xcgraph.data import DataError, TableLayout
    from xcgraph.data.named_table import read_named_documents

    layout = TableLayout(title=title, labels=neighbours, uid=uid, separator=separator, fallback_format="jsonl")
    try:
        rows = list(read_named_documents(path, layout))
    except DataError as error:
        found, semicolon, advice = str(error).rpartition("; ")
        advice = _NO_OPTION.sub("", advice).replace("'labels'", "'neighbours'")
        raise DataProblem(found + semicolon + in_flags(advice)) from error
    titles = [row.title for row in rows]
    return titles, [row.uid or row.title for row in rows], [list(row.labels) or None for row in rows]
