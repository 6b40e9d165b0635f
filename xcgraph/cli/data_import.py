"""``xcgraph-bench data import``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .completion import complete_file, complete_folder
from .console import Console
from .errors import DataProblem, in_flags, overwrite_advice, usage_errors
from .options import json_option, pass_console, quiet_option
from .output import build_table, echo_json

_FRACTION = 0.2


@click.command("import", short_help="Make a raw data folder of CSV, TSV, JSON lines or Parquet.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete_file)
@click.option(
    "--out", required=True, metavar="DIR", shell_complete=complete_folder, help="The raw data folder to write."
)
@click.option("--overwrite", is_flag=True, help="Replace the data files that DIR holds; other files stay.")
@click.option("--title", default="title", show_default=True, metavar="COLUMN", help="Short text.")
@click.option("--content", metavar="COLUMN", help="Long text.")
@click.option("--labels", default="labels", show_default=True, metavar="COLUMN", help="Names of labels.")
@click.option(
    "--separator",
    default=";",
    show_default=True,
    metavar="TEXT",
    help="Between the labels of a cell; lists of JSON and Parquet need none.",
)
@click.option(
    "--uid",
    metavar="COLUMN",
    help="Name of the document; a label of the same name is taken for the same item.",
)
@click.option("--group", metavar="COLUMN", help="Rows of one group are all training or all test documents.")
@click.option("--split", metavar="COLUMN", help="The side of each row: train, test; valid is training.")
@click.option(
    "--test",
    "test_files",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_file,
    help="Test documents; may be repeated.",
)
@click.option(
    "--test-fraction",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help=f"Share of groups, or texts, to hold out.  [default: {_FRACTION}]",
)
@click.option("--seed", type=click.IntRange(min=0), help="Another seed, another split.  [default: 0]")
@click.option(
    "--label-file",
    metavar="FILE",
    shell_complete=complete_file,
    help="Labels with texts; without it, names are the texts.",
)
@click.option(
    "--label-uid",
    default="uid",
    show_default=True,
    metavar="COLUMN",
    help="Label file: name, as in documents.",
)
@click.option(
    "--label-title", default="title", show_default=True, metavar="COLUMN", help="Label file: short text."
)
@click.option("--label-content", metavar="COLUMN", help="Label file: long text.")
@click.option(
    "--unlisted",
    type=click.Choice(["error", "name", "drop"]),
    default="error",
    show_default=True,
    help="Labels that the label file lacks: an error, their name for a text, or left out.",
)
@click.option(
    "--format",
    type=click.Choice(["csv", "tsv", "jsonl", "parquet"]),
    help="Of FILE and --test, where their names do not say it.",
)
@click.option(
    "--delimiter",
    metavar="CHAR",
    help="Of CSV and TSV; of a label file too, if in the same format.  [default: comma, tabulator]",
)
@click.option(
    "--quotes",
    type=click.Choice(["double", "none"]),
    default="double",
    show_default=True,
    help="Of CSV and TSV: cells may stand in double quotes, or a quote is a character like others.",
)
@click.option(
    "--encoding",
    default="UTF-8",
    show_default=True,
    metavar="NAME",
    help="Of CSV, TSV and JSON lines, such as latin-1 or cp1252; of a label file too, if in the same format.",
)
@click.option(
    "--skip-bad-rows",
    is_flag=True,
    help="Leave out documents whose rows cannot be read, count them, and tell the first.",
)
@click.option("--no-filter-pairs", is_flag=True, help="A document and a label of one name are different things.")
@quiet_option
@json_option
@pass_console
def command(
    console: Console,
    files: tuple[str, ...],
    out: str,
    overwrite: bool,
    test_files: tuple[str, ...],
    test_fraction: float | None,
    seed: int | None,
    label_file: str | None,
    label_uid: str,
    label_title: str,
    label_content: str | None,
    unlisted: Any,
    no_filter_pairs: bool,
    skip_bad_rows: bool,
    as_json: bool,
    delimiter: str | None,
    **columns: Any,
) -> None:
    """Make a raw data folder of tables whose rows are documents: CSV, TSV, JSON lines or Parquet, plain or .gz.

    Labels are given by name. Test documents are those of --test, those that --split says, or a share of all: rows
    of the same group, or the same text, are then always on the same side.
    """
    from xcgraph.data import TableLayout, import_tables

    given = [name for name, value in (("--test", test_files), ("--split", columns["split"])) if value]
    if len(given) > 1:
        raise click.UsageError("give either --test or --split, not both")
    drawn = {"--group": columns["group"], "--test-fraction": test_fraction, "--seed": seed}
    idle = [name for name, value in drawn.items() if value is not None]
    if given and idle:
        raise click.UsageError(f"{given[0]} says which documents are test documents: leave out {', '.join(idle)}")
    if label_file is None and (label_content is not None or unlisted != "error"):
        raise click.UsageError("--label-content and --unlisted say how to read --label-file: give it too")
    if delimiter is not None:
        delimiter = delimiter.replace("\\t", "\t")
    with usage_errors(), overwrite_advice(overwrite), _flags_in_advice(label_file):
        layout = TableLayout(**columns, delimiter=delimiter)
        label_layout = TableLayout(
            title=label_title, content=label_content, labels=None, uid=label_uid, fallback_format=layout.format
        )
        # Both tables in one format come from one program, and are written alike.
        if label_file is not None and label_layout.format_of(Path(label_file)) == layout.format_of(Path(files[0])):
            written: Any = {"delimiter": delimiter, "quotes": layout.quotes, "encoding": layout.encoding}
            label_layout = dataclasses.replace(label_layout, **written)
        report = import_tables(
            out,
            files,
            layout,
            test_files=test_files,
            label_file=label_file,
            label_layout=label_layout,
            unlisted=unlisted,
            test_fraction=_FRACTION if test_fraction is None else test_fraction,
            seed=seed or 0,
            related=not no_filter_pairs,
            overwrite=overwrite,
            skip_bad_rows=skip_bad_rows,
        )
    if as_json:
        echo_json({"out": out, **dataclasses.asdict(report)})
    else:
        click.echo(out)
        click.echo(build_table(report))
    if report.filter_pairs:
        console.say(
            f"{report.filter_pairs:,} filter pairs: documents that are labels too, and mirrored pairs; they count "
            "neither as hit nor as miss (--no-filter-pairs if they are different things)"
        )
    console.say(f"next: xcgraph-bench data check {out}")


@contextmanager
def _flags_in_advice(label_file: str | None) -> Iterator[None]:
    """What to do, the last part of a message, names options; what was found there may be quoted as they are."""
    from xcgraph.data import DataError

    try:
        yield
    except DataError as error:
        found, semicolon, advice = str(error).rpartition("; ")
        if label_file is not None and error.path is not None and Path(error.path) == Path(label_file):
            for name in ("uid", "title", "content"):
                advice = advice.replace(f"'{name}'", f"--label-{name}")
        raise DataProblem(found + semicolon + in_flags(advice)) from error
