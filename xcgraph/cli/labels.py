"""``xcgraph-bench labels``."""

from __future__ import annotations

import click

from .lazy_group import LazyGroup

_COMMANDS = {
    "add": "xcgraph.cli.labels_add",
    "remove": "xcgraph.cli.labels_remove",
    "rename": "xcgraph.cli.labels_rename",
}


@click.group("labels", cls=LazyGroup, lazy=_COMMANDS)
def command() -> None:
    """Add, remove and rename labels of a trained model, without training."""
