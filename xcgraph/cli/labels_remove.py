"""``xcgraph-bench labels remove``."""

from __future__ import annotations

from pathlib import Path

import click

from .edited_model import edit_model, out_option
from .options import json_option, model_argument


@click.command("remove", short_help="Remove labels.")
@model_argument
@click.argument("uids", nargs=-1, required=True, metavar="UID...")
@out_option
@json_option
def command(model_dir: str, uids: tuple[str, ...], out: Path, as_json: bool) -> None:
    """Write a model without the labels UID to --out.

    MODEL_DIR is the --out of a run, model/ in it, or what freeze or labels wrote.
    """
    edit_model(model_dir, out, as_json, lambda predictor: predictor.remove_labels(uids))
