"""Makes ``docs/benchmarks.md`` and the results in ``README.md`` out of stored results; no number is typed by hand.

``python benchmarks/render.py`` writes both; ``--check`` exits with code 1 if they are not what would be written;
``--bench-output FILE`` and ``--test-output FILE`` keep what ``make bench`` and ``make test`` printed, for README.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from against import MIX, best_row
from conditions import notes
from page import METRICS, differences, page
from plots import draw, draw_sampler, plot_names
from scale_tables import SAMPLER_PLOT
from store import ROOT, load_results, write_bytes, write_text
from tables import NAMES, Result, Task, by_configuration, by_task, method_row, table

README_COSTS = ("training, s", "model, MB", "one query, ms")
#: Blocks of README.md that hold kept output: name -> (file, first lines shown, last lines shown).
OUTPUTS = {"bench-output": ("make-bench.txt", 60, 20), "test-output": ("make-test.txt", 0, 5)}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if something would change.")
@click.option("--bench-output", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--test-output", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=ROOT, metavar="DIR", hidden=True)
def main(check: bool, bench_output: Path | None, test_output: Path | None, root: Path) -> None:
    """Write docs/benchmarks.md and the marked blocks of README.md from benchmarks/results."""
    stored = root / "benchmarks" / "results"
    for name, path in (("bench-output", bench_output), ("test-output", test_output)):
        if path is not None:
            write_text(stored / OUTPUTS[name][0], plain_output(path.read_bytes().decode("utf-8", "replace")))
    stale = []
    for path, text in pages(root).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not check:
                write_text(path, text)
    stale += _missing_plots(root) if check else _draw_plots(root)
    what = "is not what render.py writes" if check else "written"
    for path in stale:
        click.echo(f"{path.relative_to(root)}: {what}", err=check)
    if check and stale:
        sys.exit(1)


def pages(root: Path = ROOT) -> dict[Path, str]:
    """What the files should hold that are made of results."""
    stored = root / "benchmarks" / "results"
    results, peers, ablation, gaps, latency, new_labels = (
        load_results(stored / name)
        for name in ("accuracy", "compare", "ablation", "ablation/differences", "latency", "new_labels")
    )
    at_scale = [load_results(stored / name) for name in ("sampler", "graph_build", "scale")]
    block = readme_block(results, peers)
    readme = replace_block((root / "README.md").read_text(encoding="utf-8"), "results", block)
    for name, (file, first, last) in OUTPUTS.items():
        path = stored / file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        readme = replace_block(readme, name, output_block(text, first, last))
    return {
        root / "docs" / "benchmarks.md": page(results, peers, ablation, gaps, latency, new_labels, at_scale),
        root / "README.md": readme,
    }


def _tasks(root: Path) -> list[Task]:
    stored = root / "benchmarks" / "results"
    return by_task(load_results(stored / "accuracy"), load_results(stored / "compare"))


def _missing_plots(root: Path) -> list[Path]:
    """Plots that the page shows and that are not there; their bytes depend on fonts, and are not compared."""
    wanted = [name for task in _tasks(root) for name in plot_names(task)]
    wanted += [SAMPLER_PLOT] if _sampler(root) else []
    paths = (root / "docs" / "images" / name for name in wanted)
    return [path for path in paths if not path.is_file()]


def _draw_plots(root: Path) -> list[Path]:
    """Draws all plots; those that changed."""
    changed = []
    drawn = [*(draw(task) for task in _tasks(root)), draw_sampler(_sampler(root))]
    for name, content in (plot for plots in drawn for plot in plots.items()):
        path = root / "docs" / "images" / name
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(path, content)
            changed.append(path)
    return changed


def _sampler(root: Path) -> list[Result]:
    return load_results(root / "benchmarks" / "results" / "sampler")


def replace_block(text: str, name: str, block: str) -> str:
    """``text`` with what stands between the markers ``name:begin`` and ``name:end`` replaced."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise click.ClickException(f"README.md: expected {begin} and {end} once each, in this order")
    head, rest = text.split(begin)
    return f"{head}{begin}\n{block.strip()}\n{end}{rest.split(end)[1]}"


def output_block(text: str, first: int, last: int) -> str:
    """Output of a command as a code block; of a long one the first and the last lines."""
    lines = text.strip("\n").splitlines()
    if not lines:
        return "Its output is kept here once it has been run (`python benchmarks/render.py --help`)."
    if len(lines) > first + last:
        lines = [*lines[:first], "[...]", *lines[len(lines) - last :]]
    return "\n".join(["```text", *lines, "```"])


def plain_output(text: str) -> str:
    """Output of a terminal as it looked in the end: no colours, of a progress bar the last state.

    Where the checkout and the home folder lie is left out.
    """
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    text = text.replace(f"{ROOT}{os.sep}", "").replace(str(ROOT), ".").replace(f"{Path.home()}{os.sep}", "~/")
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
    return "\n".join(lines).strip("\n") + "\n"


def readme_block(results: Sequence[Result], peers: Sequence[Result] = ()) -> str:
    """What README.md says of accuracy: models, the best of the peers, and the mixture of some."""
    if not results:
        return "No results are stored yet; `benchmarks/accuracy.py` measures them."
    rows, lines = [], []
    for task in by_task(results, peers):
        groups = by_configuration(task.results)
        name = [task.first["data"]["name"], NAMES[task.first["text"]]]
        rows += [[*name, *method_row(group, METRICS, README_COSTS, brackets=False)] for group in groups]
        if groups and task.peers:
            what, values = best_row(task.peers, METRICS)
            rows.append([*name, what, "", "", *values, *("" for _ in README_COSTS)])
            mix = [peer for peer in task.peers if peer["model"] == MIX]
            rows += [[*name, *method_row([peer], METRICS, README_COSTS)] for peer in mix]
        lines += differences(groups, METRICS)
        lines += [f"{task.title}: {note}" for note in notes(Task(task.name, task.results, []))]
    header = ["data", "text", "method", "recipe", "seeds", *METRICS, *README_COSTS]
    end = (
        "Test documents, percent; medians where there are several seeds. *best of ... peers* takes the best value "
        "in each column, whichever method reached it; `mix` is a peer of its own, made of several. Each peer, "
        "protocol, spread, commands, machine and label frequencies: [docs/benchmarks.md](docs/benchmarks.md)."
    )
    return "\n\n".join([table(header, rows), *lines, end])


if __name__ == "__main__":
    main()
