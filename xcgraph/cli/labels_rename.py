"""``xcgraph-bench labels rename``."""

from __future__ import annotations

from pathlib import Path

import click

from .edited_model import edit_model, out_option
from .options import json_option, model_argument


@click.command("rename", short_help="Show another title for a label.")
@model_argument
@click.argument("uid", metavar="UID")
@click.argument("title", metavar="TITLE")
@out_option
@json_option
def command(model_dir: str, uid: str, title: str, out: Path, as_json: bool) -> None:
    """Write a model that shows TITLE for the label UID to --out. Scores stay as they are.

    MODEL_DIR is the --out of a run, model/ in it, or what freeze or labels wrote.
    """
    edit_model(model_dir, out, as_json, lambda predictor: predictor.rename_label(uid, title))
