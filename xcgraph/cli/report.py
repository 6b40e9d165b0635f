"""``xcgraph-bench report``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .completion import complete_data, complete_file, complete_folder
from .console import Console
from .errors import DataProblem, data_errors
from .loading import load
from .options import check_out, pass_console, quiet_option
from .output import counted

if TYPE_CHECKING:
    from xcgraph.data import LFDataset
    from xcgraph.report import FinishedRun, RunGroup

_SUFFIXES = (".html", ".htm")


@click.command("report", short_help="Make a page of finished runs.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN_DIR...", shell_complete=complete_folder)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.html", help="The page."
)
@click.option(
    "--data",
    "given",
    multiple=True,
    metavar="DATA",
    shell_complete=complete_data,
    help="The data set of the runs; may be repeated.  [default: what the runs were started with, if it is here]",
)
@click.option(
    "--compare",
    "compared",
    multiple=True,
    metavar="FILE|DIR",
    shell_complete=complete_file,
    help="Other methods: comparison.json or the --out of compare; a file or folder of benchmarks/results. May be "
    "repeated.",
)
@click.option(
    "--documents",
    type=click.IntRange(0, 500),
    default=200,
    show_default=True,
    help="Test documents to show of each data set.",
)
@quiet_option
@pass_console
def command(
    console: Console,
    runs: tuple[str, ...],
    out: Path,
    given: tuple[str, ...],
    compared: tuple[str, ...],
    documents: int,
) -> None:
    """Make one html file of finished runs: metrics, charts, label graphs, and test documents with their labels.

    The file needs no network and no other file. Runs on the same data share a section.
    """
    if out.suffix.lower() not in _SUFFIXES:
        raise click.UsageError(f"--out {out}: expected a name that ends in {' or '.join(_SUFFIXES)}")
    check_out(out)
    from xcgraph.peers import read_metrics

    # What is no run is said before torch is imported, which takes seconds.
    for folder in runs:
        read_metrics(Path(folder))
    from xcgraph.data.atomic import atomic_file
    from xcgraph.report import FinishedRun, build_report, group_runs, read_results, render_report

    read = [FinishedRun.read(folder) for folder in dict.fromkeys(runs)]
    for run in read:
        with data_errors(str(run.folder / "model")):
            _ = run.model
    asked = {run.folder: _asked(run) for run in read}
    groups = group_runs((run, asked[run.folder][1]) for run in read)
    for path in compared:
        others = read_results(path)
        used = [[other for other in others if group.measures(other)] for group in groups]
        if not any(used):
            got = f"{others[0].data}, text {others[0].text}"
            raise DataProblem(f"{path}: expected results on the data of a run, got some on {got}")
        for group, measured in zip(groups, used, strict=True):
            group.others += measured
    for data in given:
        _give(data, groups, documents, console)
    for group in groups:
        if group.data is None:
            names = [name for run in group.runs if (name := asked[run.folder][0]) is not None]
            _find(names, group, documents, console)
    page = render_report(build_report(groups, documents))
    with atomic_file(out) as temporary:
        # What no file can hold becomes a question mark.
        temporary.write_text(page, encoding="utf-8", errors="replace")
    for group in groups:
        if group.missing:
            console.say(f"{group.title}: {group.missing}")
    click.echo(f"{out}: {counted(len(read), 'run')}, {counted(len(groups), 'data set')}, {len(page) / 1e6:.1f} MB")


def _asked(run: FinishedRun) -> tuple[str | None, str | None]:
    """DATA and ``--text`` of the command that made a run; ``None`` where it does not say."""
    from .run import command as run_command

    try:
        words = shlex.split(str(run.metrics.get("command", "")))
        options = run_command.make_context("run", words[words.index("run") + 1 :]).params
    except (ValueError, click.ClickException, click.exceptions.Exit):
        return None, None
    return options["data"], options["text"]


def _give(data: str, groups: list[RunGroup], documents: int, console: Console) -> None:
    """Gives a data set to the groups of runs that are on it."""
    from xcgraph.data import DataError

    reasons = []
    for group in groups:
        try:
            _load(data, group, documents, console)
        except DataError as error:
            reasons.append(error)
    if len(reasons) == len(groups):
        raise reasons[0]


def _find(names: list[str], group: RunGroup, documents: int, console: Console) -> None:
    """Takes the data set, one of ``names``, that the runs were started with, if it is here and still the same."""
    from xcgraph.data import DataError

    reason = "the runs do not say where it is"
    for name in dict.fromkeys(names):
        if not _is_here(name):
            reason = f"{name} is not on this machine"
            continue
        try:
            _load(name, group, documents, console)
        except (DataError, click.UsageError) as error:
            reason = " ".join(str(error).split())
            continue
        return
    group.missing = f"the data set is not shown, since {reason}; --data DATA names it"


def _is_here(name: str) -> bool:
    """Whether a data set can be read without being built or fetched."""
    from xcgraph.data import DataError, folder_format
    from xcgraph.datasets import data_root, find_dataset

    try:
        folder = data_root() / find_dataset(name).name
    except ValueError:
        folder = Path(name)
    try:
        folder_format(folder)
    except DataError:
        return False
    return True


def _load(name: str, group: RunGroup, documents: int, console: Console) -> None:
    """Loads the data set of a group with the features of its model, and texts of the documents to show.

    Raises:
        DataError: if it cannot be read, or is not that of the runs.
    """
    from xcgraph.data import DataError, TextListener
    from xcgraph.peers import check_run_data
    from xcgraph.report import chosen_rows

    first = group.runs[0]
    vectorizer = first.model.vectorizer
    # Where no run says which, titles first: the model knows no words but its own, so that to a model of titles
    # all text looks the same.
    tried: list[Any] = [group.text] if group.text else ["title", "all"]
    for text in tried:
        options: dict[str, Any] = {}
        if vectorizer is not None:
            rows = chosen_rows(group.sizes["test_documents"], documents)
            options["vectorizer"] = TextListener(vectorizer, rows)
        data: LFDataset = load(name, text, console, **options)
        try:
            check_run_data(first.folder, first.metrics, data)
            if data.label_uids != first.model.label_uids:
                raise DataError(
                    f"expected a run on this data, got labels of other names than {name} has", first.folder
                )
        except DataError:
            if text == tried[-1]:
                raise
            continue
        group.data, group.text, group.missing = data, text, ""
        group.texts = options["vectorizer"].heard if options else None
        return
