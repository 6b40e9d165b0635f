"""From a model folder to a new one with other labels, as the ``labels`` commands do it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .errors import data_errors, usage_errors
from .model_dir import model_folder
from .output import echo_json, table

if TYPE_CHECKING:
    from xcgraph.inference import Predictor

out_option = click.option(
    "--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="A new folder; MODEL_DIR stays."
)


def edit_model(model_dir: str, out: Path, as_json: bool, edit: Callable[[Predictor], None]) -> None:
    """Loads a model, changes its labels, writes it to a new folder, and says what came of it."""
    folder = model_folder(model_dir)
    from xcgraph.inference import Predictor

    with data_errors(str(folder)):
        predictor = Predictor.load(folder)
    before = len(predictor.label_uids)
    with usage_errors():
        edit(predictor)
        predictor.save(out)
    result: dict[str, Any] = {
        "model": str(folder),
        "out": str(out),
        "labels_before": before,
        "labels": len(predictor.label_uids),
    }
    if as_json:
        echo_json(result)
    else:
        click.echo(table([[name.replace("_", " "), value] for name, value in result.items()]))
