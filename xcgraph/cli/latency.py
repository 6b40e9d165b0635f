"""``xcgraph-bench latency``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .completion import complete_data, complete_folder
from .console import Console
from .errors import DataProblem, data_errors
from .loading import load
from .model_dir import model_folder
from .options import json_option, model_argument, pass_console, quiet_option, seed_option, text_option
from .output import echo_json, table

if TYPE_CHECKING:
    from xcgraph.data import LFDataset
    from xcgraph.inference import Predictor

_METRICS = ("P@1", "P@5", "PSP@1", "PSP@5")


@click.command("latency", short_help="Time single queries of a model.")
@model_argument
@click.option(
    "--data",
    metavar="DATA",
    shell_complete=complete_data,
    help="Ask its test documents, and measure accuracy on them.",
)
@click.option(
    "--against",
    metavar="MODEL_DIR",
    shell_complete=complete_folder,
    help="The trained model that MODEL_DIR was frozen from.",
)
@click.option("-k", "k", type=click.IntRange(min=1), default=5, show_default=True, help="Labels a query.")
@click.option("--queries", type=click.IntRange(min=1), default=1000, show_default=True, help="At most so many.")
@text_option
@seed_option
@quiet_option
@json_option
@pass_console
def command(
    console: Console,
    model_dir: str,
    data: str | None,
    against: str | None,
    k: int,
    queries: int,
    text: str,
    seed: int,
    as_json: bool,
) -> None:
    """Time a model from raw text to label names, one text at a time, by one thread, on the CPU.

    Asks the titles of its own labels, or the test documents of --data. A second row scores all labels, where the
    model has a shortlist that it was not trained with. With --data, accuracy stands beside the speed: its loss is
    against float32 without such a shortlist, by MODEL_DIR itself if it was not frozen, else by that of --against.
    """
    folder = model_folder(model_dir)
    import psutil

    from xcgraph.inference.latency import index_accuracy, time_texts

    rss_before = psutil.Process().memory_info().rss / 1e6
    start = time.perf_counter()
    predictor = _load(folder)
    load_seconds = time.perf_counter() - start
    texts: list[str] = predictor.label_titles
    dataset = None
    if data is not None:
        dataset, texts = texts_of(data, text, predictor, console)
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(texts))[:queries]
    texts = [texts[i] for i in order]
    if not texts:
        raise DataProblem(f"{data}: expected test documents to ask, got none")
    served = time_texts(lambda batch: predictor.predict(batch, k), texts)
    rows: list[dict[str, Any]] = [{"scoring": "as served", "ms": served}]
    rss = psutil.Process().memory_info().rss / 1e6
    index = predictor.index
    assert index is not None
    if index.most is not None:
        served = time_texts(lambda batch: predictor.predict(batch, k, exact=True), texts)
        rows.append({"scoring": "all labels", "ms": served})
    if dataset is not None:
        for row in rows:
            row["accuracy"] = index_accuracy(index, dataset, exact=row["scoring"] == "all labels")
        exact = rows[-1]["accuracy"] if index.dtype == "float32" and against is None else None
        if against is not None:
            other = _load(model_folder(against))
            same = other.label_uids == predictor.label_uids
            if not same or other.vectorizer.vocabulary != predictor.vectorizer.vocabulary:
                raise DataProblem(f"{against}: its labels or tokens are not those of {model_dir}")
            assert other.index is not None
            exact = index_accuracy(other.index, dataset, exact=True)
            trained = other.index.shortlist is not None and other.index.most is None
            scored = "trained shortlist" if trained else "all labels"
            rows.append({"scoring": f"{scored}, {other.index.dtype}: {against}", "accuracy": exact})
        if exact is not None:
            for row in rows:
                row["loss"] = {name: exact[name] - row["accuracy"][name] for name in _METRICS}
    result = {
        "model": model_dir,
        "labels": index.num_labels,
        "dtype": index.dtype,
        "shortlist": repr(index.shortlist),
        "k": k,
        "load_seconds": load_seconds,
        "rss_mb": rss,
        "rss_before_mb": rss_before,
        "rows": rows,
    }
    if as_json:
        echo_json(result)
        return
    _show(result)


def _show(result: dict[str, Any]) -> None:
    rows = result["rows"]
    header = ["ms a query", "p50", "p95", "p99", "mean", "batch"]
    timed = [row for row in rows if "ms" in row]
    lines = [[row["scoring"], *(row["ms"][name] for name in header[1:])] for row in timed]
    click.echo(table(lines, header, digits=3))
    if "accuracy" in rows[0]:
        lost = "loss" in rows[0]
        header = ["percent", *_METRICS, *(f"loss {name}" for name in _METRICS if lost)]
        lines = []
        for row in rows:
            lines.append([row["scoring"], *(row["accuracy"][name] for name in _METRICS)])
            lines[-1] += [row["loss"][name] for name in _METRICS] if lost else []
        click.echo("\n" + table(lines, header))
    facts = [
        ["labels", result["labels"], ""],
        ["queries", timed[0]["ms"]["queries"], ""],
        ["load", result["load_seconds"], "s"],
        ["memory, before loading", result["rss_before_mb"], "MB"],
        ["memory, after the queries", result["rss_mb"], "MB"],
    ]
    click.echo("\n" + table(facts))
    click.echo(f"{result['dtype']}, shortlist: {result['shortlist']}")


def _load(folder: Path) -> Predictor:
    from xcgraph.inference import Predictor

    with data_errors(str(folder)):
        predictor = Predictor.load(folder)
    return predictor


def texts_of(data: str, text: str, predictor: Predictor, console: Console) -> tuple[LFDataset, list[str]]:
    """The data set with the features of the model, and the texts of its test documents."""
    from xcgraph.data import TextListener

    listener = TextListener(predictor.vectorizer)
    dataset = load(data, text, console, vectorizer=listener)
    if dataset.vectorizer is not listener:
        raise DataProblem(f"{data}: holds features, not texts")
    if dataset.label_uids != predictor.label_uids:
        raise DataProblem(f"{data}: its labels are not those of the model")
    return dataset, listener.heard
