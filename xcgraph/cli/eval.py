"""``xcgraph-bench eval``."""

from __future__ import annotations

from typing import Any

import click

from .completion import complete_data, complete_file
from .console import Console
from .errors import data_errors
from .loading import load
from .options import json_option, pass_console, quiet_option, text_option
from .output import decile_table, echo_json, metrics_table


@click.command("eval", short_help="Evaluate anybody's predictions.")
@click.option(
    "--data", required=True, metavar="DATA", shell_complete=complete_data, help="A registry name or a folder."
)
@click.option(
    "--predictions",
    required=True,
    metavar="FILE.npz",
    shell_complete=complete_file,
    help="Scores as a scipy sparse matrix, test documents x labels (scipy.sparse.save_npz); or arrays 'index' of "
    "ranked label ids, test documents x k, -1 for none, and optionally 'score' of that shape.",
)
@text_option
@quiet_option
@json_option
@pass_console
def command(console: Console, data: str, predictions: str, text: str, as_json: bool) -> None:
    """Evaluate anybody's predictions for the test documents of DATA.

    Filtered pairs are taken out of predictions and truth; the best 100 labels of each document count.
    """
    from xcgraph.metrics import Evaluator, read_predictions

    with data_errors(predictions):
        index, score = read_predictions(predictions)
    dataset = load(data, text, console)
    evaluator = Evaluator(dataset.train_y, dataset.propensity)
    with data_errors(predictions):
        metrics: dict[str, Any] = dict(evaluator.evaluate(index, score, dataset.test_y, dataset.test_filter))
        deciles = evaluator.per_decile(index, dataset.test_y, score=score, filter_pairs=dataset.test_filter)
    metrics["per_decile"] = deciles
    if as_json:
        echo_json({"data": dataset.name, "predictions": predictions, **metrics})
        return
    click.echo(f"{predictions} on {dataset.name}: test documents, percent")
    click.echo(metrics_table(metrics))
    click.echo("\nlabels by number of training documents")
    click.echo(decile_table(deciles))
