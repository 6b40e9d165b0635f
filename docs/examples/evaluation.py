"""Compare methods without fooling oneself: same features, same split, tuned on validation, tested once, paired."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import click
import numpy as np
from scipy.sparse import csr_matrix

from xcgraph.data import LFDataset, select_filter_rows
from xcgraph.datasets import load_dataset, planted_matrices
from xcgraph.metrics import Evaluator, filter_matrix, paired_bootstrap
from xcgraph.peers.runners.lexical import NearestDocuments, NearestLabels, centroids

METHODS = ("text", "centroid", "knn")
SHOWN = ("P@1", "P@5", "nDCG@5", "PSP@1", "PSP@5", "R@10")


def rank(name: str, x: csr_matrix, y: csr_matrix, label_x: csr_matrix, queries: csr_matrix) -> csr_matrix:
    """Scores of the best 100 labels of each query by one method, largest score 1: ``[N', L]``.

    Args:
        name: of :data:`METHODS`.
        x: documents to learn from, ``[N, V]``.
        y: their labels, ``[N, L]``.
        label_x: label texts, ``[L, V]``.
        queries: ``[N', V]``.
    """
    if name == "text":
        ranker: NearestDocuments | NearestLabels = NearestLabels(label_x)
    elif name == "centroid":
        ranker = NearestLabels(centroids(x, y))
    else:
        ranker = NearestDocuments(x, y, neighbours=50)
    label, score = ranker.predict(queries, 100)
    found = label >= 0
    indptr = np.concatenate([[0], found.sum(axis=1).cumsum()])
    matrix = csr_matrix((score[found], label[found], indptr), shape=(queries.shape[0], y.shape[1]))
    return matrix / max(float(matrix.max()), 1e-12)


def tune(data: LFDataset, seed: int) -> tuple[float, ...]:
    """Weights of the methods in a mixture, chosen by nDCG@5 on documents held out of the training documents."""
    fit, held = data.split_validation(0.2, seed=seed, keep_duplicates_together=True, keep_labels=False)
    pairs = select_filter_rows(data.train_filter, held)
    # Propensities and deciles are those of the full training set, here as in the test.
    evaluator = Evaluator(data.train_y, data.propensity)
    x, y = data.train_x[fit], data.train_y[fit]
    scores = [rank(name, x, y, data.label_x, data.train_x[held]) for name in METHODS]
    best, chosen = -1.0, (0.0, 0.0, 1.0)
    for weights in itertools.product((0.0, 0.25, 0.5, 1.0), (0.0, 0.25, 0.5, 1.0), (1.0,)):
        mixed = sum(weight * score for weight, score in zip(weights, scores, strict=True))
        found = evaluator.evaluate(csr_matrix(mixed), None, data.train_y[held], pairs)["nDCG@5"]
        if found > best:
            best, chosen = found, weights
    click.echo(f"mixture of {dict(zip(METHODS, chosen, strict=True))}: nDCG@5 {best:.2f} on {len(held)} held out")
    return chosen


def show(name: str, metrics: dict[str, float]) -> None:
    """One line of a table."""
    click.echo(f"{name:10s}" + "".join(f"{metrics[key]:9.2f}" for key in SHOWN))


@click.command()
@click.option("--data", default="debian-rse", show_default=True, metavar="DATA", help="Name or folder.")
@click.option("--text", type=click.Choice(["all", "title"]), default="title", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the validation split.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Gets everything as json.")
@click.option("--quick", is_flag=True, help="A run of seconds: a small synthetic data set.")
def main(data: str, text: str, seed: int, out: Path | None, quick: bool) -> None:
    """Compare text, centroid, nearest documents, and a mixture of them that is tuned on held-out documents."""
    dataset = planted_matrices(200) if quick else load_dataset(data, text=text)  # type: ignore[arg-type]
    click.echo(dataset)
    weights = tune(dataset, seed)

    evaluator = Evaluator(dataset.train_y, dataset.propensity)
    arguments = dataset.train_x, dataset.train_y, dataset.label_x, dataset.test_x
    scores = {name: rank(name, *arguments) for name in METHODS}
    scores["mixture"] = csr_matrix(sum(w * scores[name] for w, name in zip(weights, METHODS, strict=True)))
    truth, pairs = dataset.test_y, dataset.test_filter

    click.echo(f"\n{'':10s}" + "".join(f"{key:>9s}" for key in SHOWN))
    metrics = {name: evaluator.evaluate(score, None, truth, pairs) for name, score in scores.items()}
    for name, found in metrics.items():
        show(name, found)
    hits = filter_matrix(scores["text"], pairs).nnz - scores["text"].nnz
    click.echo(f"({-hits:,} predictions of 'text' are filter pairs: neither hits nor misses)")

    click.echo("\nR@5 by how often labels were seen in training (deciles of labels, rarest first)")
    deciles = {name: evaluator.per_decile(score, truth, filter_pairs=pairs) for name, score in scores.items()}
    for name, rows in deciles.items():
        click.echo(f"{name:10s}" + "".join(f"{row['R@5']:7.1f}" for row in rows))

    click.echo("\nmixture minus knn, 95 % interval by paired bootstrap over test documents")
    sides = {n: [evaluator.contributions(scores[n], None, truth, pairs)] for n in ("mixture", "knn")}
    differences = paired_bootstrap(sides["mixture"], sides["knn"])
    for name, gap in differences.items():
        click.echo(f"{name:6s} {gap['difference']:+6.2f}  [{gap['low']:+.2f}, {gap['high']:+.2f}]")

    if out:
        found = {"data": repr(dataset), "weights": weights, "metrics": metrics, "differences": differences}
        out.write_text(json.dumps(found | {"deciles": deciles}, indent=1) + "\n", encoding="utf-8")
        click.echo(f"\n{out}")


if __name__ == "__main__":
    main()
