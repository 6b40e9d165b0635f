"""``xcgraph-bench data``."""

from __future__ import annotations

import click

from .lazy_group import LazyGroup

_COMMANDS = {
    "build": "xcgraph.cli.data_build",
    "import": "xcgraph.cli.data_import",
    "check": "xcgraph.cli.data_check",
}


@click.group("data", cls=LazyGroup, lazy=_COMMANDS)
def command() -> None:
    """Build a data set, import tables, or check a folder."""
