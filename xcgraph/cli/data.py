"""``xcgraph-bench data``."""

from __future__ import annotations

import click

from .lazy_group import LazyGroup


@click.group("data", cls=LazyGroup, lazy={"build": "xcgraph.cli.data_build", "check": "xcgraph.cli.data_check"})
def command() -> None:
    """Build a data set, or check a folder."""
