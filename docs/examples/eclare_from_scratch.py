"""ECLARE from its parts: surrogate, shortlister, negatives, ranker, and what each of them gains.

The tutorial docs/tutorials/eclare-from-scratch.md explains it step by step.
"""

from __future__ import annotations

from collections.abc import Callable

import click
import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.datasets import load_dataset, planted_matrices
from xcgraph.graph import RandomWalkGraph, meta_graph
from xcgraph.layers import GALE, GAME, BagEmbedding, LabelAttention, LabelClassifier, ResidualBlock
from xcgraph.metrics import Evaluator, top_k
from xcgraph.shortlist import (
    BalancedKMeans,
    ClusterIndex,
    dense_centroids,
    merge_positives,
    projected_centroids,
    union_of,
)
from xcgraph.sparse import CSR
from xcgraph.transforms import NormalizeEdges

# What a step scores its documents against: label ids (None: all), rows of them for each document (None: all),
# and which of those are relevant.
Candidates = tuple[Tensor | None, Tensor | None, Tensor]


class Model(torch.nn.Module):
    """ECLARE over any labels: those of the data set, or clusters of them. The token table is shared."""

    def __init__(self, tokens: BagEmbedding, num_labels: int, refinement: bool) -> None:
        super().__init__()
        self.tokens = tokens
        self.document = ResidualBlock(tokens.dim, final_activation=True)
        self.label = GALE(tokens.dim, num_hops=1)
        self.attention = LabelAttention(tokens.dim, 3 if refinement else 2)
        self.classifier = LabelClassifier(num_labels, tokens.dim, refinement=refinement)

    def encode(self, x: CSR) -> Tensor:
        """Documents ``[B, V]`` as ``[B, D]``."""
        return self.document(self.tokens(x))

    def hops(self, label_x: CSR, graph: Data) -> Tensor:
        """Own text and neighbours' texts of all labels, ``[L, 2, D]``."""
        return self.label.propagate_hops(self.tokens(label_x), graph.edge_index, graph.edge_weight)

    def vectors(self, hops: Tensor, index: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Vectors ``[n, D]`` and biases ``[n]`` of labels ``index``, whose hops are given."""
        parts = self.label.forward_hops(hops)
        refinement, bias = self.classifier.select(index)
        if refinement is not None:
            parts = torch.cat([parts, refinement.unsqueeze(1)], dim=1)
        return self.attention(parts), bias

    @torch.no_grad()
    def logits(self, x: CSR, hops: Tensor, shortlist: Tensor | None = None) -> Tensor:
        """Scores of documents against all labels, or their shortlists, as they are after training."""
        self.eval()
        return self.classifier(self.encode(x), *self.vectors(hops), shortlist)


def softmax_loss(logit: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy between the relevant labels, equally likely, and the softmax of those that were scored."""
    likely = logit.masked_fill(logit.isinf(), -1e9).log_softmax(dim=1)
    return -(target / target.sum(dim=1, keepdim=True).clamp(min=1) * likely).sum(dim=1).mean()


def fit(
    model: Model, x: CSR, hops: Callable[[], Tensor], candidates: Callable[[Tensor], Candidates], epochs: int
) -> float:
    """Trains a model; returns the mean loss of the last epoch."""
    rows = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.005)
    model.train()
    mean = 0.0
    for _ in range(epochs):
        losses = []
        for batch in torch.randperm(x.shape[0], generator=rows).split(256):
            labels, shortlist, target = candidates(batch)
            every = hops()
            weight, bias = model.vectors(every if labels is None else every[labels], labels)
            logit = model.classifier(model.encode(x.select_rows(batch)), weight, bias, shortlist)
            loss = softmax_loss(logit, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        mean = float(torch.stack(losses).mean())
    return mean


def all_of(y: CSR) -> Callable[[Tensor], Candidates]:
    """Every label for every document."""

    def candidates(batch: Tensor) -> Candidates:
        rows = y.select_rows(batch)
        target = torch.zeros(rows.shape)
        target[rows.row(), rows.col] = 1.0
        return None, None, target

    return candidates


def shortlisted(y: CSR, near: Tensor, num_negatives: int) -> Callable[[Tensor], Candidates]:
    """A document's relevant labels, and a few drawn from its row of ``near``, ``[N, S]``."""
    generator = torch.Generator().manual_seed(0)

    def candidates(batch: Tensor) -> Candidates:
        drawn = torch.randperm(near.size(1), generator=generator)[:num_negatives]
        shortlist, target = merge_positives(near[batch][:, drawn], y.select_rows(batch), extend=True)
        labels, local = union_of(shortlist)
        return labels, local, target

    return candidates


class Shortlister:
    """Modules I and II have the same form: clusters of labels, and a model that predicts them."""

    def __init__(self, model: Model, clusters: ClusterIndex, label_x: CSR, graph: Data, beam: int) -> None:
        self.model = model
        self.clusters = clusters
        self.beam = min(beam, clusters.num_clusters)
        self.label_x = clusters.meta_text(label_x)
        self.graph = NormalizeEdges()(meta_graph(graph, clusters.assignment, clusters.num_clusters))

    def fit(self, x: CSR, y: CSR, epochs: int) -> float:
        """Learns to predict clusters; token embeddings learn along."""
        targets = all_of(self.clusters.meta_targets(y))
        return fit(self.model, x, lambda: self.model.hops(self.label_x, self.graph), targets, epochs)

    @torch.no_grad()
    def query(self, x: CSR) -> tuple[Tensor, Tensor]:
        """Labels ``[N, S]`` of the best clusters (-1: none) and the probability of each one's cluster."""
        logit = self.model.logits(x, self.model.hops(self.label_x, self.graph))
        index, p = top_k(logit.softmax(dim=1), self.beam)
        return self.clusters.expand(index, p)


def cluster(centroids: Tensor, size: int) -> ClusterIndex:
    """Labels in balanced clusters of about ``size``."""
    num_clusters = max(1, centroids.size(0) // size)
    return ClusterIndex(BalancedKMeans(num_clusters, seed=0).fit_predict(centroids), num_clusters)


def found(index: Tensor, y: CSR) -> float:
    """Share of the relevant pairs whose label is in the document's row of ``index``, in percent."""
    row = torch.arange(index.size(0)).unsqueeze(1).expand_as(index)[index >= 0]
    listed = row * y.shape[1] + index[index >= 0]
    return 100 * float(torch.isin(y.row() * y.shape[1] + y.col, listed).double().mean())


@click.command()
@click.option("--data", "name", default="debian-rse", show_default=True, help="Name of a data set, or a folder.")
@click.option("--dim", default=64, show_default=True, help="Size of the embeddings.")
@click.option("--epochs", default=8, show_default=True, help="Epochs of each training phase.")
@click.option("--seed", default=0, show_default=True, help="Of the parameters.")
@click.option("--quick", is_flag=True, help="A small synthetic data set and two epochs, in seconds.")
def main(name: str, dim: int, epochs: int, seed: int, quick: bool) -> None:
    """Trains ECLARE module by module and prints what each one gains."""
    data = planted_matrices(num_labels=200) if quick else load_dataset(name, text="title")
    size, beam = 20, 32
    if quick:
        dim, epochs, size, beam = 16, 2, 5, 8
    torch.manual_seed(seed)
    train_x, test_x, label_x = (CSR.from_scipy(m) for m in (data.train_x, data.test_x, data.label_x))
    train_y, test_y = CSR.from_scipy(data.train_y), CSR.from_scipy(data.test_y)
    evaluator = Evaluator(data.train_y, data.propensity)
    raw = RandomWalkGraph()(data)
    graph = NormalizeEdges()(raw.clone())

    def report(what: str, index: Tensor | np.ndarray, score: Tensor | np.ndarray) -> None:
        metrics = evaluator.evaluate(np.asarray(index), np.asarray(score), data.test_y, data.test_filter)
        shown = "  ".join(f"{key} {metrics[key]:5.2f}" for key in ("P@1", "P@5", "PSP@5", "R@100"))
        click.echo(f"{what:34}{shown}")

    report("label text, TF-IDF cosine", *top_k(data.test_x @ data.label_x.T, 100))

    # I. Token embeddings, from clusters of labels by the words of their documents.
    tokens = BagEmbedding(data.num_features, dim)
    clusters = cluster(projected_centroids(data.train_y, data.train_x, graph, dim, seed), size)
    surrogate = Shortlister(Model(tokens, clusters.num_clusters, False), clusters, label_x, raw, beam)
    surrogate.fit(train_x, train_y, epochs)
    index, _ = surrogate.query(test_x)
    click.echo(f"I.   surrogate: {found(index, test_y):.1f} % of the test pairs are in its shortlists")

    # II. Clusters by embeddings; what predicts them makes shortlists.
    with torch.no_grad():
        embedded = tokens(train_x)
    clusters = cluster(dense_centroids(data.train_y, embedded, graph), size)
    search = Shortlister(Model(tokens, clusters.num_clusters, True), clusters, label_x, raw, beam)
    search.fit(train_x, train_y, epochs)
    index, inherited = search.query(test_x)
    click.echo(f"II.  shortlister: {found(index, test_y):.1f} %, with {index.size(1)} labels a document")

    # III. Hard negatives: labels of the clusters that training documents are taken to.
    near, _ = search.query(train_x)
    click.echo(f"III. negatives: {found(near, train_y):.1f} % of the training pairs are in the shortlists")

    # IV. The ranker: token embeddings stay, so that hops are computed once.
    tokens.weight.requires_grad_(False)
    ranker = Model(tokens, data.num_labels, True)
    with torch.no_grad():
        hops = ranker.hops(label_x, graph)
        ranker.classifier.initialize(weight=dense_centroids(data.train_y, tokens(train_x)))
    fit(ranker, train_x, lambda: hops, shortlisted(train_y, near, 16), epochs)
    # The probability of a label's cluster times its own.
    score = inherited.log() + ranker.logits(test_x, hops, index)
    score = score.masked_fill(index < 0, -torch.inf).softmax(dim=1)
    score, order = score.topk(min(100, score.size(1)))
    index = index.gather(1, order)
    report("IV.  ranker", index, score)
    index, score = GAME(0.3, k=100)(index, score, graph.edge_index, graph.edge_weight)
    report("     and GAME", index, score.masked_fill(index < 0, -torch.inf))


if __name__ == "__main__":
    main()
