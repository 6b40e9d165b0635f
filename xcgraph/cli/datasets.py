"""``xcgraph-bench datasets``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import click

from .options import json_option
from .output import echo_json, table


@click.command("datasets", short_help="Known data sets, and which are available here.")
@json_option
def command(as_json: bool) -> None:
    """List known data sets: size, source, and whether they are available here."""
    from xcgraph.datasets import DATASETS, available

    found = {name: available(name) for name in DATASETS}
    if as_json:
        echo_json(
            [
                {**dataclasses.asdict(info), "available": found[name][0], "reason": found[name][1]}
                for name, info in DATASETS.items()
            ]
        )
        return
    header = ["name", "here", "train", "test", "labels", "labels/doc", "docs/label", "what"]
    rows = [
        [
            name,
            found[name][0],
            info.num_train or None,
            info.num_test or None,
            info.num_labels or None,
            info.labels_per_document or None,
            info.documents_per_label or None,
            info.description,
        ]
        for name, info in DATASETS.items()
    ]
    click.echo(table(rows, header))
    for title, answer in (("Available here:", True), ("Not available here:", False)):
        _notes(title, ((name, reason) for name, (ok, reason) in found.items() if ok == answer))
    _notes("Sources:", ((name, info.source) for name, info in DATASETS.items()))


def _notes(title: str, notes: Iterable[tuple[str, str]]) -> None:
    """Prints a note a line, with all names that it is true of."""
    by_note: dict[str, list[str]] = {}
    for name, note in notes:
        by_note.setdefault(note.replace(name, "NAME"), []).append(name)
    if by_note:
        click.echo(f"\n{title}")
    for note, names in by_note.items():
        click.echo(f"  {', '.join(names)}: {note if len(names) > 1 else note.replace('NAME', names[0])}")
