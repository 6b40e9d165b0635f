"""Label vectors for as many labels as you like: sampled training, exact propagation, memory known before."""

from __future__ import annotations

import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import click
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.data import LFDataset
from xcgraph.datasets import load_dataset, planted_matrices
from xcgraph.graph import RandomWalkGraph
from xcgraph.layers import GALE, BagEmbedding
from xcgraph.loader import CSRFeatureStore, LabelNeighborLoader, LayerwiseInference
from xcgraph.metrics import Evaluator
from xcgraph.sparse import CSR
from xcgraph.training import make_settings
from xcgraph.training.preflight import ProblemSize, RunPlan
from xcgraph.transforms import NormalizeEdges


class Towers(torch.nn.Module):
    """Documents and labels in one space; labels hear from their neighbours.

    Args:
        num_tokens: V.
        dim: size of the vectors, D.
        num_hops: over the label graph; 0 for the labels' own texts alone.
    """

    def __init__(self, num_tokens: int, dim: int, num_hops: int) -> None:
        super().__init__()
        self.bag = BagEmbedding(
            num_tokens, dim, sparse=True, init=lambda table: torch.nn.init.normal_(table, std=dim**-0.5)
        )
        self.gale = GALE(dim, num_hops, dropout=0.0)

    def documents(self, x: CSR) -> Tensor:
        """Unit vectors of texts ``[n, V]``: ``[n, D]``."""
        return F.normalize(self.bag(x), dim=1)

    def labels(self, hops: Tensor) -> Tensor:
        """Unit vectors of propagated label texts ``[n, k + 1, D]``: ``[n, D]``."""
        return F.normalize(self.gale.forward_hops(hops).mean(dim=1), dim=1)

    def sampled(self, batch: Data) -> Tensor:
        """Unit vectors of the seeds of a batch, ``[batch_size, D]``."""
        hops = self.gale.propagate_hops(
            self.bag(batch.x),
            batch.edge_index,
            batch.edge_weight,
            batch.batch_size,
            batch.num_sampled_nodes,
            batch.num_sampled_edges,
        )
        return self.labels(hops)


class Positives:
    """Draws a training document of each label.

    Args:
        data: the data set.
        device: where documents are wanted.

    Attributes:
        labels: those that have a training document, ``[S]``.
    """

    def __init__(self, data: LFDataset, device: torch.device) -> None:
        by_label = CSR.from_scipy(data.train_y.T.tocsr()).to(device)
        self.start, self.document = by_label.rowptr, by_label.col
        self.labels = by_label.row_counts().nonzero().view(-1)
        self.x = CSR.from_scipy(data.train_x).to(device)

    def __call__(self, label: Tensor) -> CSR:
        """Rows ``[n, V]`` for labels ``[n]``."""
        first, count = self.start[label], self.start[label + 1] - self.start[label]
        drawn = first + (torch.rand(label.shape, device=label.device) * count).long()
        return self.x.select_rows(self.document[drawn])


def train(model: Towers, loader: LabelNeighborLoader, positives: Positives, epochs: int) -> None:
    """Pulls each label to a document of its own, away from those of the others in its batch."""
    optimizers = [
        torch.optim.SparseAdam(model.bag.parameters(), lr=0.02),
        torch.optim.Adam(model.gale.parameters(), lr=0.001),
    ]
    for epoch in range(1, epochs + 1):
        start, total = time.perf_counter(), 0.0
        for batch in loader:
            documents = model.documents(positives(batch.n_id[: batch.batch_size]))
            logits = documents @ model.sampled(batch).T / 0.05
            loss = F.cross_entropy(logits, torch.arange(batch.batch_size, device=logits.device))
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            total += loss.item()
        seconds = time.perf_counter() - start
        click.echo(f"epoch {epoch}: loss {total / len(loader):.3f} ({seconds:.1f} s)")


@torch.no_grad()
def label_vectors(
    model: Towers, graph: Data, store: CSRFeatureStore, folder: Path, device: torch.device, chunk: int = 1 << 16
) -> Tensor:
    """Vectors of all labels from whole neighbourhoods, ``[L, D]`` on the CPU; hops go through a file."""
    inference = LayerwiseInference(graph.edge_index, graph.edge_weight, graph.num_nodes, chunk, device)
    hops = inference.propagate(
        lambda index: model.bag(store.select("x", index)), model.gale.num_hops, folder / "hops.npy"
    )
    return torch.cat([model.labels(part.to(device)).cpu() for part in hops.split(chunk)])


@torch.no_grad()
def evaluate(
    model: Towers, vectors: Tensor, data: LFDataset, device: torch.device, chunk: int = 1 << 16
) -> dict[str, float]:
    """Metrics of the best ten of all labels, a chunk of labels at a time."""
    documents = model.documents(CSR.from_scipy(data.test_x).to(device))
    score = torch.empty(documents.size(0), 0, device=device)
    label = torch.empty(documents.size(0), 0, dtype=torch.long, device=device)
    for start in range(0, len(vectors), chunk):
        part = documents @ vectors[start : start + chunk].to(device).T
        best, place = part.topk(min(10, part.size(1)), dim=1)
        score, label = torch.cat([score, best], 1), torch.cat([label, place + start], 1)
        score, kept = score.topk(min(10, score.size(1)), dim=1)
        label = label.gather(1, kept)
    return Evaluator(data.train_y, data.propensity).evaluate(
        label.cpu().numpy(), score.cpu().numpy(), data.test_y, data.test_filter
    )


@click.command()
@click.option("--data", metavar="DATA", help="Name or folder of a data set; by default planted labels.")
@click.option("--labels", type=click.IntRange(min=10), default=100_000, show_default=True, help="To plant.")
@click.option("--fan-out", type=int, multiple=True, default=[5], show_default=True, help="Of a hop, -1 for all.")
@click.option("--strategy", type=click.Choice(["uniform", "weighted", "top"]), default="uniform")
@click.option("--dim", type=click.IntRange(min=1), default=64, show_default=True)
@click.option("--batch-size", type=click.IntRange(min=2), default=512, show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Gets the hops and the vectors.")
@click.option("--device", help="By default cuda where there is one.")
@click.option("--quick", is_flag=True, help="A run of seconds: 1,000 planted labels.")
def main(
    data: str | None,
    labels: int,
    fan_out: tuple[int, ...],
    strategy: str,
    dim: int,
    batch_size: int,
    epochs: int,
    out: Path | None,
    device: str | None,
    quick: bool,
) -> None:
    """Train label vectors on sampled neighbourhoods, compute all of them exactly, evaluate them."""
    if quick:
        data, labels = None, 1000
    torch.manual_seed(0)
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    dataset = load_dataset(data, text="title") if data else planted_matrices(labels, num_test=2000)
    click.echo(f"{dataset}, on {where}")

    graph = NormalizeEdges("row")(RandomWalkGraph(k=10)(dataset)).to(where)
    store = CSRFeatureStore(x=dataset.label_x)
    click.echo(f"{graph.num_edges:,} edges, {dataset.label_x.nnz:,} tokens of labels")

    model, positives = Towers(dataset.num_features, dim, len(fan_out)).to(where), Positives(dataset, where)
    loader = LabelNeighborLoader(
        graph,
        list(fan_out),
        input_nodes=positives.labels,
        strategy=strategy,  # type: ignore[arg-type]
        weight_attr=None if strategy == "uniform" else "edge_weight",
        batch_size=batch_size,
        shuffle=True,
        seed=0,
        features=store,
    )
    train(model, loader, positives, epochs)

    with nullcontext(out) if out else tempfile.TemporaryDirectory() as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        vectors = label_vectors(model, graph, store, Path(folder), where)
        np.save(Path(folder) / "vectors.npy", vectors.numpy())
    metrics = evaluate(model, vectors, dataset, where)
    click.echo(", ".join(f"{name} {metrics[name]:.2f}" for name in ("P@1", "P@5", "PSP@5", "R@10")))

    size = ProblemSize.from_data(dataset)
    for changes in ({}, {"hops": "sampled", "optimizer_state": "rowwise"}):
        plan = RunPlan(size, make_settings("eclare", "default", changes), "eclare", "default")
        gigabytes = max(plan.memory().values()) / 1e9
        click.echo(f"a whole run of ECLARE, {changes or 'default settings'}: {gigabytes:.2f} GB")


if __name__ == "__main__":
    main()
