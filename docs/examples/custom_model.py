"""Layers of xcgraph in models of one's own: PyG convolutions as hops, an own attention, a frozen text encoder.

The tutorial docs/tutorials/layers.md explains it step by step.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv, SAGEConv

from xcgraph.data import LFDataset, read_documents, read_labels
from xcgraph.datasets import build_planted, data_root, load_dataset
from xcgraph.graph import RandomWalkGraph
from xcgraph.layers import GALE, BagEmbedding, GatedSum, LabelAttention, LabelClassifier, ResidualBlock
from xcgraph.metrics import Evaluator, top_k
from xcgraph.models import ECLARE
from xcgraph.sparse import CSR, select_rows
from xcgraph.transforms import NormalizeEdges


class Tagger(torch.nn.Module):
    """Scores documents against labels that are mixed from text, neighbourhood and a free vector."""

    def __init__(
        self, num_tokens: int, num_labels: int, dim: int, hop: torch.nn.Module, mix: torch.nn.Module
    ) -> None:
        super().__init__()
        self.bag = BagEmbedding(num_tokens, dim)
        self.document = ResidualBlock(dim, final_activation=True)
        self.hop, self.mix = hop, mix
        self.classifier = LabelClassifier(num_labels, dim)

    def forward(self, doc_x: CSR, label_x: CSR, edge_index: Tensor, edge_weight: Tensor) -> Tensor:
        parts = self.hop(self.bag(label_x), edge_index, edge_weight)  # [L, 2, D]
        free, bias = self.classifier.select()
        w = self.mix(torch.cat([parts, free.unsqueeze(1)], dim=1))  # [L, 3, D] -> [L, D]
        return self.classifier(self.document(self.bag(doc_x)), w, bias)


class PyGHop(torch.nn.Module):
    """Text and neighbourhood by any PyG convolution."""

    def __init__(self, conv: torch.nn.Module, weighted: bool) -> None:
        super().__init__()
        self.conv, self.weighted = conv, weighted

    def forward(self, u: Tensor, edge_index: Tensor, edge_weight: Tensor) -> Tensor:
        args = (edge_index, edge_weight) if self.weighted else (edge_index,)
        return torch.stack([u, self.conv(u, *args)], dim=1)


class DotAttention(torch.nn.Module):
    """One query for all labels: far fewer parameters than LabelAttention."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = torch.nn.Parameter(torch.zeros(dim))

    def forward(self, parts: Tensor) -> Tensor:
        omega = (parts @ self.query / math.sqrt(parts.size(-1))).softmax(dim=1)
        return (omega.unsqueeze(2) * parts).sum(dim=1)


class HashedSVD:
    """A text encoder without a download: hashed character n-grams, reduced."""

    def __init__(self, texts: list[str], dim: int) -> None:
        ngrams = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=1 << 16)
        self.steps = make_pipeline(ngrams, TruncatedSVD(dim, random_state=0), Normalizer()).fit(texts)

    def encode(self, texts: list[str]) -> np.ndarray:
        """Vectors ``[n, F]`` of unit length."""
        return self.steps.transform(texts).astype("float32")


class Experiment:
    """A data set, its label graph, and how models are trained and evaluated on it."""

    def __init__(self, data: LFDataset, epochs: int) -> None:
        self.data, self.epochs = data, epochs
        self.graph: Data = NormalizeEdges()(RandomWalkGraph()(data))
        self.label_x, self.train_y = CSR.from_scipy(data.label_x), CSR.from_scipy(data.train_y)
        self.evaluator = Evaluator(data.train_y, data.propensity)

    def run(self, model: torch.nn.Module, train_x: CSR | Tensor, test_x: CSR | Tensor) -> str:
        """Trains a model from the start and returns its metrics on the test documents."""
        y, graph = self.train_y, self.graph
        frequency = torch.bincount(y.col, minlength=y.shape[1])
        # From zero, the first steps would only learn how rare labels are.
        model.classifier.initialize(bias=torch.logit((frequency + 0.5) / (y.shape[0] + 1)))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        order = torch.Generator().manual_seed(0)
        for _ in range(self.epochs):
            for rows in torch.randperm(y.shape[0], generator=order).split(256):
                relevant = y.select_rows(rows)
                target = torch.zeros(relevant.shape)
                target[relevant.row(), relevant.col] = 1.0
                logit = model(select_rows(train_x, rows), self.label_x, graph.edge_index, graph.edge_weight)
                share = target / target.sum(dim=1, keepdim=True)
                loss = -(share * logit.log_softmax(dim=1)).sum(dim=1).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        model.eval()
        with torch.no_grad():
            index, score = top_k(model(test_x, self.label_x, graph.edge_index, graph.edge_weight), 100)
        data = self.data
        metrics = self.evaluator.evaluate(index.numpy(), score.numpy(), data.test_y, data.test_filter)
        return "  ".join(f"{name} {metrics[name]:5.2f}" for name in ("P@1", "P@5", "PSP@5", "R@100"))


def encoded(folder: Path, data: LFDataset, dim: int) -> tuple[Tensor, Tensor]:
    """Vectors of the training and the test documents, from their titles."""
    files = {path.name.split(".")[0]: path for path in folder.glob("*.json*")}
    text = {
        document.uid: document.title
        for split in ("trn", "tst")
        for document in read_documents(files[split], data.num_labels)
    }
    encoder = HashedSVD([label.title for label in read_labels(files["lbl"])], dim)
    train, test = (encoder.encode([text[uid] for uid in uids]) for uids in (data.train_uids, data.test_uids))
    return torch.from_numpy(train), torch.from_numpy(test)


@click.command()
@click.option("--data", "name", default="planted", show_default=True, help="Name of a data set, or a folder.")
@click.option("--dim", default=32, show_default=True, help="Size of the embeddings.")
@click.option("--epochs", default=8, show_default=True, help="Epochs of each model.")
@click.option("--quick", is_flag=True, help="A small synthetic data set and one epoch, in seconds.")
def main(name: str, dim: int, epochs: int, quick: bool) -> None:
    """Trains models made of the layers of xcgraph, of PyG and of one's own, and prints their metrics."""
    with tempfile.TemporaryDirectory() as temporary:
        if quick:
            folder, dim, epochs = Path(temporary), 16, 1
            build_planted(folder, num_labels=100)
            data = LFDataset.load(folder)
        else:
            data = load_dataset(name, text="title")
            folder = Path(name) if Path(name).is_dir() else data_root() / name.lower()
        train_v, test_v = encoded(folder, data, min(128, 4 * dim))
    experiment = Experiment(data, epochs)
    train_x, test_x = CSR.from_scipy(data.train_x), CSR.from_scipy(data.test_x)
    click.echo(data)

    hops: dict[str, Callable[[], torch.nn.Module]] = {
        "GALE": lambda: GALE(dim, num_hops=1),
        "GCNConv": lambda: PyGHop(GCNConv(dim, dim, normalize=False), weighted=True),
        "SAGEConv": lambda: PyGHop(SAGEConv(dim, dim), weighted=False),
    }
    mixes: dict[str, Callable[[], torch.nn.Module]] = {
        "LabelAttention": lambda: LabelAttention(dim, 3),
        "GatedSum": lambda: GatedSum(dim, 3),
        "DotAttention": lambda: DotAttention(dim),
    }
    for hop, make_hop in hops.items():
        for mix, make_mix in mixes.items():
            torch.manual_seed(0)
            model = Tagger(data.num_features, data.num_labels, dim, make_hop(), make_mix())
            click.echo(f"{hop:9} {mix:15} {experiment.run(model, train_x, test_x)}")

    torch.manual_seed(0)
    tower = torch.nn.Sequential(torch.nn.Linear(train_v.size(1), dim), torch.nn.ReLU())
    frozen = ECLARE(data.num_features, data.num_labels, dim, combine="gate", document_tower=tower)
    click.echo(f"{'ECLARE, frozen encoder':25} {experiment.run(frozen, train_v, test_v)}")
    torch.manual_seed(0)
    plain = ECLARE(data.num_features, data.num_labels, dim, combine="gate")
    click.echo(f"{'ECLARE, tokens':25} {experiment.run(plain, train_x, test_x)}")


if __name__ == "__main__":
    main()
