"""``xcgraph-bench``."""

from __future__ import annotations

import os

import click
from click.shell_completion import add_completion_class

import xcgraph

from .bench_group import BenchGroup
from .completion import BashWords, ZshWords
from .console import Console

_COMMANDS = {
    "datasets": "xcgraph.cli.datasets",
    "data": "xcgraph.cli.data",
    "graph": "xcgraph.cli.graph",
    "preflight": "xcgraph.cli.preflight",
    "run": "xcgraph.cli.run",
    "eval": "xcgraph.cli.eval",
    "predict": "xcgraph.cli.predict",
    "labels": "xcgraph.cli.labels",
    "freeze": "xcgraph.cli.freeze",
    "latency": "xcgraph.cli.latency",
    "serve": "xcgraph.cli.serve",
    "export": "xcgraph.cli.export",
    "compare": "xcgraph.cli.compare",
    "report": "xcgraph.cli.report",
}

add_completion_class(BashWords)
add_completion_class(ZshWords)


@click.group("xcgraph-bench", cls=BenchGroup, lazy=_COMMANDS)
@click.version_option(xcgraph.__version__, package_name="xcgraph")
@click.option("-v", "--verbose", count=True, help="Show what goes on; -vv: in detail, and where errors come from.")
@click.pass_obj
@click.pass_context
def main(ctx: click.Context, console: Console, verbose: int) -> None:
    """Extreme classification with label text and label graphs: data, training, evaluation.

    Results go to stdout, messages and progress to stderr. Exit codes: 1 for a problem with data, files or memory,
    2 for a mistake on the command line, 130 after Ctrl-C.
    """
    # Torch reads it when it first takes memory, so before a command imports it. Gradients of large tables are new
    # memory in each step, for which small pages would have to be found one by one (7,000 of them at a million
    # labels), and the rows of a step lie all over its tables: pages of 2 MB spare both.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    console.verbosity = verbose
    ctx.with_resource(console.attached())
