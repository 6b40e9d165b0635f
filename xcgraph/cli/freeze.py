"""``xcgraph-bench freeze``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from .errors import data_errors, usage_errors
from .model_dir import model_folder
from .options import json_option, model_argument, seed_option
from .output import echo_json, table


@click.command("freeze", short_help="Make a trained model smaller and faster.")
@model_argument
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="A new folder.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16", "int8"]),
    default="int8",
    show_default=True,
    help="Of token embeddings and label vectors.",
)
@click.option(
    "--shortlist",
    type=click.Choice(["auto", "none", "projection", "clusters"]),
    default="auto",
    show_default=True,
    help="How the labels that are scored exactly are found; auto: by the number of labels.",
)
@click.option(
    "--min-weight",
    type=click.FloatRange(min=0),
    default=0.25,
    show_default=True,
    help="Weights of tokens for labels that are less than this are left out.",
)
@click.option("--dims", type=click.IntRange(min=1), default=48, show_default=True, help="Of a projection.")
@click.option(
    "--candidates",
    type=click.IntRange(min=1),
    help="Labels scored exactly; by default 200 with a projection, 400 with clusters.",
)
@click.option(
    "--explain", is_flag=True, help="Keep what 'predict --explain' needs, which is larger than the rest."
)
@click.option(
    "--no-rerank",
    is_flag=True,
    help="Leave out the new order of the best labels: smaller, faster, a little less accurate.",
)
@seed_option
@json_option
def command(
    model_dir: str,
    out: Path,
    dtype: str,
    shortlist: str,
    min_weight: float,
    dims: int,
    candidates: int | None,
    explain: bool,
    no_rerank: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Fold a trained model into an index that answers single queries fast, and write it to --out.

    MODEL_DIR is the --out of a run, or model/ in it. What the rounding and the shortlist cost in accuracy, say
    'xcgraph-bench latency DIR --data DATA --against MODEL_DIR'.
    """
    folder = model_folder(model_dir)
    from xcgraph.inference import FrozenModel, load_model
    from xcgraph.peers.runners.protocol import folder_bytes

    with data_errors(str(folder)):
        model = load_model(folder)
        start = time.perf_counter()
        frozen = FrozenModel.freeze(
            model,
            dtype,  # type: ignore[arg-type]
            shortlist,  # type: ignore[arg-type]
            min_weight,
            explain,
            not no_rerank,
            dims=dims,
            candidates=candidates,
            seed=seed,
        )
        seconds = time.perf_counter() - start
    with usage_errors():
        frozen.save(out)
    result = {
        "model": str(folder),
        "out": str(out),
        "labels": frozen.index.num_labels,
        "dtype": dtype,
        "shortlist": repr(frozen.index.shortlist),
        "seconds": round(seconds, 2),
        "model_mb": round(folder_bytes(folder) / 1e6, 1),
        "frozen_mb": round(folder_bytes(out) / 1e6, 1),
    }
    if as_json:
        echo_json(result)
        return
    click.echo(table([[name.replace("_", " "), value] for name, value in result.items()], digits=1))
