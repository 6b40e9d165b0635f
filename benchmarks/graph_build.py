"""What does each label graph builder, and clustering, take at 10^4, 10^5 and 10^6 labels?

    python benchmarks/graph_build.py --labels 100000 --labels 1000000

builds on ``planted`` sets of N = 2 L documents, a process a size. Restart walks are timed beside a straightforward
walk compiled by numba on as many threads, and beside their expectation. Each is built ``--repeats`` times after
compilation. With ``--pairs few`` the set is one of few pairs instead (1.1 labels a document, 1.5 documents a
label, no text), where the expectation costs less than walks, and walks alone are built. A line of JSON for each
size, kept in ``benchmarks/results/graph_build``.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numba
import numpy as np
from process import in_own_process, measured
from store import RESULTS, check_replaced, code_state, provenance, store_options, write_text

SCHEMA = 1
RESTART, LENGTH, K = 0.8, 400, 10


@click.command()
@click.option(
    "--labels", type=click.IntRange(min=100), multiple=True, default=[10**4, 10**5, 10**6], show_default=True
)
@click.option("--pairs", type=click.Choice(["planted", "few"]), default="planted", show_default=True)
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--dim", type=click.IntRange(min=1), default=64, show_default=True, help="Of what is clustered.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "graph_build", metavar="DIR")
@click.option("--in-process", is_flag=True, hidden=True)
@store_options
def main(
    labels: tuple[int, ...],
    pairs: str,
    repeats: int,
    threads: int,
    dim: int,
    seed: int,
    results: Path,
    in_process: bool,
    force: bool,
    note: str | None,
    built_by: str | None,
) -> None:
    """Build label graphs of growing size, and store what was measured as json."""
    if built_by:
        raise click.UsageError("--built-by: the data are made here, and need no command")
    if in_process:
        click.echo(json.dumps(run(labels[0], pairs == "few", repeats, threads, dim, seed)))
        return
    commit, dirty = code_state()
    kind = "" if pairs == "planted" else f"-{pairs}"
    for size in labels:
        check_replaced(results / f"labels{size}{kind}.json", dirty, force)
    for size in labels:
        options = f"--labels {size} --repeats {repeats} --threads {threads} --dim {dim} --seed {seed}"
        if kind:
            options += f" --pairs {pairs}"
        found = in_own_process(__file__, options.split(), f"{size} labels")
        result = {
            "schema": SCHEMA,
            "command": f"python benchmarks/graph_build.py {options}",
            "seed": seed,
            "device": "cpu",
            **found,
            **provenance({"threads": threads, "data": {"name": pairs}}, commit, dirty, note),
        }
        write_text(results / f"labels{size}{kind}.json", json.dumps(result, indent=1) + "\n")
        click.echo(json.dumps(result))


def run(num_labels: int, few: bool, repeats: int, threads: int, dim: int, seed: int) -> dict[str, Any]:
    """Measures one size in this process."""
    import torch

    from xcgraph.datasets.planted import planted_matrices
    from xcgraph.graph import CooccurrenceGraph, ExpectedWalk, RandomWalkGraph, TextKNNGraph
    from xcgraph.graph.inputs import training_relevance
    from xcgraph.shortlist import BalancedKMeans, projected_centroids
    from xcgraph.training.run import _versions
    from xcgraph.transforms import NormalizeEdges

    torch.set_num_threads(threads)
    numba.set_num_threads(threads)
    data: Any = few_pairs(num_labels, seed) if few else planted_matrices(num_labels, 2 * num_labels, seed=seed)
    y = training_relevance(data, 500)
    by_label = y.T.tocsr()

    def plain() -> Any:
        return plain_walks(
            by_label.indptr, by_label.indices, y.indptr, y.indices, num_labels, RESTART, LENGTH, K, seed
        )

    plain_walks(by_label.indptr, by_label.indices, y.indptr, y.indices, 2, RESTART, LENGTH, K, seed)  # compiles
    RandomWalkGraph(RESTART, LENGTH, K, method="exact")(y[:100])
    builders: dict[str, Callable[[], Any]] = {
        "walk": lambda: RandomWalkGraph(RESTART, LENGTH, K, method="walk", seed=seed)(data),
        "walk, plain numba": plain,
        "walk, expected": lambda: RandomWalkGraph(RESTART, LENGTH, K, method="exact")(data),
    }
    if not few:
        TextKNNGraph(K)(data.label_x[:100])  # compiles
        builders["cooccurrence"] = lambda: CooccurrenceGraph(K)(data)
        builders["text"] = lambda: TextKNNGraph(K)(data)
    found = {name: repeated(build, repeats) for name, build in builders.items()}
    walk = found["walk"]["seconds"]["median"]
    result = {
        "labels": num_labels,
        "documents": y.shape[0],
        "pairs": int(y.nnz),
        "repeats": repeats,
        "builders": found,
        "auto_takes": "walk, expected" if ExpectedWalk(y, RESTART, LENGTH).is_cheaper_than_walks() else "walk",
        "walk_times_as_fast_as_plain_numba": round(found["walk, plain numba"]["seconds"]["median"] / walk, 3),
        "expected_times_as_fast_as_walk": round(walk / found["walk, expected"]["seconds"]["median"], 3),
        "threads": threads,
        "versions": _versions() | {"numba": numba.__version__},
    }
    if few:
        return result
    graph = NormalizeEdges()(RandomWalkGraph(RESTART, LENGTH, K, seed=seed)(data))
    centroids: Any = None

    def make_centroids() -> None:
        nonlocal centroids
        centroids = projected_centroids(data.train_y, data.train_x, graph, dim, seed)

    found["label centroids"] = repeated(make_centroids, repeats)
    kmeans = BalancedKMeans(num_clusters=max(1, num_labels // 4), seed=seed)
    found["balanced clustering"] = repeated(lambda: kmeans.fit_predict(centroids), repeats)
    return result | {"tokens": data.num_features, "clusters": kmeans.num_clusters, "dim": dim}


def few_pairs(num_labels: int, seed: int) -> Any:
    """Relevance ``[N, L]`` of N = 1.5 L / 1.1 documents: one label each and 0.1 more in the mean, at random."""
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(seed)
    size = 1 + rng.poisson(0.1, round(1.5 * num_labels / 1.1))
    label = rng.integers(0, num_labels, size.sum())
    rowptr = np.append(0, np.cumsum(size))
    return csr_matrix((np.ones(label.size, np.float32), label, rowptr), shape=(size.size, num_labels))


def repeated(build: Callable[[], Any], repeats: int) -> dict[str, Any]:
    """Seconds and memory of one builder."""
    records: list[dict[str, Any]] = []
    for _ in range(repeats):
        records.append({})
        with measured(records[-1]):
            build()
    seconds = [record["seconds"] for record in records]
    return {
        "seconds": {"median": statistics.median(seconds), "lowest": min(seconds), "highest": max(seconds)},
        "peak_mb": max(record["peak_mb"] for record in records),
        "added_mb": round(max(record["peak_mb"] - record["before_mb"] for record in records), 1),
    }


@numba.njit(parallel=True)
def plain_walks(label_ptr, label_doc, doc_ptr, doc_label, num_labels, restart, length, k, seed):
    """The walk as one would write it down: ``(best, count)``, both ``[L, k]``, -1 and 0 where there are fewer."""
    best = np.full((num_labels, k), -1, np.int64)
    count = np.zeros((num_labels, k), np.int64)
    for index in numba.prange(num_labels):
        label = np.int64(index)
        if label_ptr[label] < label_ptr[label + 1]:
            _plain_walk(
                label, label_ptr, label_doc, doc_ptr, doc_label, restart, length, seed, best[label], count[label]
            )
    return best, count


@numba.njit
def _plain_walk(label, label_ptr, label_doc, doc_ptr, doc_label, restart, length, seed, best, count):
    """A loop over steps, counts by sorting, the most visited by insertion."""
    np.random.seed(seed + label)
    visited = np.empty(length, np.int64)
    at = label
    for step in range(length):
        if step > 0 and np.random.random() < restart:
            at = label
        doc = label_doc[np.random.randint(label_ptr[at], label_ptr[at + 1])]
        at = doc_label[np.random.randint(doc_ptr[doc], doc_ptr[doc + 1])]
        visited[step] = at
    visited.sort()
    start = 0
    for step in range(1, length + 1):
        if step < length and visited[step] == visited[start]:
            continue
        place = best.size
        while place > 0 and step - start > count[place - 1]:
            place -= 1
        if place < best.size:
            for move in range(best.size - 1, place, -1):
                best[move], count[move] = best[move - 1], count[move - 1]
            best[place], count[place] = visited[start], step - start
        start = step


if __name__ == "__main__":
    main()
