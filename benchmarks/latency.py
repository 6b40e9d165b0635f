"""How fast is one query? By one CPU thread, beside omikuji and PECOS on the same data, and on planted label sets.

    python benchmarks/latency.py trained runs/debian debian --text title
    python benchmarks/latency.py planted 131072
    python benchmarks/latency.py planted 1300000

The first freezes a finished run (``xcgraph-bench freeze``, its defaults) and measures in rounds: the frozen model,
then each peer, trained anew in a process of its own; in the end the frozen model again. The results are kept in
``benchmarks/results/latency``, a file each; ``benchmarks/render.py`` makes the table.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from planted_index import HOW, planted_model, planted_texts
from store import RESULTS, check_replaced, code_state, provenance, write_text

_K = 5
_QUERIES = 1000
_PEERS = "bonsai,parabel,xr-linear"


@click.group()
def main() -> None:
    """Time single queries, and store what was measured as json."""


def _options(command: Any) -> Any:
    for option in (
        click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "latency", metavar="DIR"),
        click.option("--force", is_flag=True, help="Replace a stored result though the code has changes."),
        click.option("--note", metavar="TEXT", help="What else decided over the numbers; printed with them."),
    ):
        command = option(command)
    return command


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@click.option("--text", type=click.Choice(["all", "title"]), default="all", show_default=True)
@click.option("--peers", default=_PEERS, show_default=True, metavar="NAME,...")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@_options
def trained(
    run: Path, data: str, text: str, peers: str, rounds: int, results: Path, force: bool, note: str | None
) -> None:
    """The model of a finished run on DATA, beside peers trained on the same features."""
    from xcgraph.cli.console import Console
    from xcgraph.cli.latency import texts_of
    from xcgraph.inference import FrozenModel, Predictor, load_model
    from xcgraph.inference.latency import index_accuracy, one_thread, time_texts
    from xcgraph.peers import find_peers
    from xcgraph.peers.process import QUERIES, run_peer
    from xcgraph.peers.runners.protocol import folder_bytes, percentiles
    from xcgraph.training.run import fingerprint

    commit, dirty = code_state()
    try:
        chosen = find_peers(peers.split(","))
        stored = load_model(run / "model")
    except (ValueError, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="xcgraph-") as temporary:
        folder = Path(temporary) / "frozen"
        FrozenModel.freeze(stored, "int8", "auto", 0.25).save(folder)
        predictor, size = Predictor.load(folder), folder_bytes(folder)
        assert predictor.index is not None
        index = predictor.index
        dataset, texts = texts_of(data, text, predictor, Console())
        path = results / f"{dataset.name}-{text}.json"
        check_replaced(path, dirty, force)
        # The rows that peers are asked: see xcgraph/peers/runners/protocol.py.
        rows = np.random.default_rng(0).permutation(dataset.test_x.shape[0])[:QUERIES]
        queries = [(row.indices.astype(np.int32), row.data) for row in (dataset.test_x[i] for i in rows)]
        own: list[dict[str, Any]] = []
        other: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in chosen}

        def measure() -> None:
            with one_thread():
                features = percentiles(lambda query: index.rank(*query, _K), queries)
            own.append({"features": features, "text": time_texts(predictor.predict, [texts[i] for i in rows])})

        for _ in range(rounds):
            measure()
            for peer in chosen:
                other[peer.name].append(run_peer(peer, dataset, k=_K).measured["query_ms"])
        measure()
        # A trained shortlist is part of the model, and no other can be asked for.
        trained = stored.ranker.members[0].shortlister is not None
        exact = FrozenModel.freeze(stored, "float32", "auto" if trained else "none").index
        served, best = index_accuracy(index, dataset), index_accuracy(exact, dataset, exact=True)
    methods = [
        {
            "method": "xcgraph",
            "features": _middle([round_["features"] for round_ in own]),
            "text": _middle([round_["text"] for round_ in own]),
            "mb": size / 1e6,
            "accuracy": served,
            "loss": {name: best[name] - served[name] for name in served},
        },
        *({"method": name, "features": _middle(found)} for name, found in other.items()),
    ]
    result = {
        "kind": "trained",
        "command": f"python benchmarks/latency.py trained {run} {data} --text {text} --peers {peers} "
        f"--rounds {rounds}",
        "text": text,
        "data": fingerprint(dataset),
        "dim": index.dim,
        "index": f"{index.dtype}, {index.shortlist}",
        "rounds": rounds,
        "methods": methods,
    }
    _store(path, result, commit, dirty, note)


@main.command()
@click.argument("labels", type=click.IntRange(min=1000))
@click.option("--dim", type=click.IntRange(min=1), default=300, show_default=True)
@click.option(
    "--compare", type=click.IntRange(min=1), default=200, show_default=True, help="Queries scored exactly."
)
@_options
def planted(labels: int, dim: int, compare: int, results: Path, force: bool, note: str | None) -> None:
    """A planted index of LABELS labels."""
    from xcgraph.inference import FrozenModel, Predictor
    from xcgraph.inference.latency import time_texts
    from xcgraph.peers.runners.protocol import folder_bytes

    commit, dirty = code_state()
    path = results / f"planted-{labels}.json"
    check_replaced(path, dirty, force)
    model = planted_model(labels, dim)
    texts = planted_texts(labels, _QUERIES)
    start = time.perf_counter()
    frozen = FrozenModel.freeze(model, "int8", "auto", 0.25)
    freeze_seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory(prefix="xcgraph-") as temporary:
        frozen.save(Path(temporary) / "frozen")
        size = folder_bytes(Path(temporary) / "frozen")
        start = time.perf_counter()
        predictor = Predictor.load(Path(temporary) / "frozen")
        load_seconds = time.perf_counter() - start
        assert predictor.index is not None
        rounds = [time_texts(predictor.predict, texts) for _ in range(3)]
        found = [{hit.uid for hit in row} for row in predictor.predict(texts[:compare], _K)]
    exact = Predictor(FrozenModel.freeze(model, "float32", "none"))
    best = [{hit.uid for hit in row} for row in exact.predict(texts[:compare], _K)]
    agreement = 100 * statistics.fmean(len(a & b) / _K for a, b in zip(found, best, strict=True))
    result = {
        "kind": "planted",
        "command": f"python benchmarks/latency.py planted {labels} --dim {dim}",
        "how": HOW,
        "text": "title",
        "data": {"name": "planted", "labels": labels, "features": predictor.index.num_tokens},
        "dim": dim,
        "index": f"{predictor.index.dtype}, {predictor.index.shortlist}",
        "rounds": len(rounds),
        "freeze_seconds": freeze_seconds,
        "load_seconds": load_seconds,
        "methods": [{"method": "xcgraph", "text": _middle(rounds), "mb": size / 1e6, "agreement": agreement}],
    }
    _store(path, result, commit, dirty, note)


def _middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Of each number the median over rounds."""
    return {name: round(statistics.median(found[name] for found in rounds), 4) for name in rounds[0]}


def _store(path: Path, result: dict[str, Any], commit: str | None, dirty: bool, note: str | None) -> None:
    result |= {"threads": 1, "device": "cpu"}
    result |= provenance(result, commit, dirty, note)
    write_text(path, json.dumps(result, indent=1) + "\n")
    for row in result["methods"]:
        shown = {name: row[name] for name in ("features", "text", "agreement", "loss") if name in row}
        click.echo(f"{row['method']}: {json.dumps(shown)}")
    click.echo(path)


if __name__ == "__main__":
    main()
