"""``xcgraph-bench export``."""

from __future__ import annotations

from pathlib import Path

import click

from .errors import data_errors, usage_errors
from .model_dir import model_folder
from .options import json_option, model_argument
from .output import echo_json, table


@click.command("export", short_help="Write a trained model for other programs: ONNX or torch.export.")
@model_argument
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="A new folder.")
@click.option(
    "--format",
    "format",
    type=click.Choice(["onnx", "torch"]),
    default="onnx",
    show_default=True,
    help="Of the document encoder: for ONNX runtimes, or for torch.export.load.",
)
@json_option
def command(model_dir: str, out: Path, format: str, as_json: bool) -> None:
    """Write the document encoder of a trained model, its label vectors and its vectoriser to --out.

    MODEL_DIR is the --out of a run, or model/ in it. The written encoder is run on random documents, and compared
    with the model's own.
    """
    folder = model_folder(model_dir)
    from xcgraph.inference import export_model, load_model
    from xcgraph.peers.runners.protocol import folder_bytes

    with usage_errors(), data_errors(str(folder)):
        model = load_model(folder)
        difference = export_model(model, out, format)  # type: ignore[arg-type]
    result = {
        "model": str(folder),
        "out": str(out),
        "format": format,
        "labels": len(model.label_uids),
        "difference": difference,
        "mb": round(folder_bytes(out) / 1e6, 1),
    }
    if as_json:
        echo_json(result)
        return
    result["difference"] = f"{difference:.1e}"
    click.echo(table([[name, value] for name, value in result.items()], digits=1))
