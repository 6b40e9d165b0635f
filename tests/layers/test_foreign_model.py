"""The layers in models that know nothing of this package, and all of them together as ECLARE uses them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv
from torch_geometric.transforms import GCNNorm

import xcgraph.layers
from xcgraph.layers import (
    GALE,
    BagEmbedding,
    GatedCombine,
    GatedResidualBlock,
    LabelAttention,
    LabelClassifier,
    ResidualBlock,
)
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_dataset, tiny_label_graph


class GCNWithGALE(torch.nn.Module):
    """Node classification by plain PyG parts and GALE: a GCN layer, graph-augmented embeddings, a linear head."""

    def __init__(self, in_dim: int, dim: int, num_classes: int) -> None:
        super().__init__()
        self.conv = GCNConv(in_dim, dim)
        self.gale = GALE(dim, num_hops=2, dropout=0.0)
        self.head = torch.nn.Linear(3 * dim, num_classes)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor) -> Tensor:
        x = self.conv(x, edge_index, edge_weight).relu()
        return self.head(self.gale(x, edge_index, edge_weight).flatten(1))


def test_pyg_model_with_gale_learns(device):
    graph = GCNNorm()(tiny_label_graph(24, 3, seed=1)).to(device)
    x, y = torch.randn(24, 8, device=device), torch.arange(24, device=device) % 3
    model = GCNWithGALE(8, 16, 3).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x, graph.edge_index, graph.edge_weight), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    assert all(p.grad is not None for p in model.parameters())


class TextModel(torch.nn.Module):
    """Documents and labels by their words, scored against each other."""

    def __init__(self, num_tokens: int, num_labels: int, dim: int, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.bag = BagEmbedding(num_tokens, dim)
        if kind == "eclare":
            self.document = ResidualBlock(dim, final_activation=True)
            self.label = GALE(dim)
            self.combine = LabelAttention(dim, 3)
        else:
            self.document = GatedResidualBlock(dim, final_activation=True)
            self.label = GALE(dim, num_hops=0, residual="decaf")
            self.combine = GatedCombine(dim)
        self.classifier = LabelClassifier(num_labels, dim, bias=kind == "decaf")

    def forward(self, documents: CSR, labels: CSR, graph: Data) -> Tensor:
        x = self.document(self.bag(documents))
        text = self.label(self.bag(labels), graph.edge_index, graph.edge_weight)
        refinement, bias = self.classifier.select()
        assert refinement is not None
        if self.kind == "eclare":
            w = self.combine(torch.cat([text, refinement.unsqueeze(1)], dim=1))
        else:
            w = self.combine(refinement, text[:, 0])
        return self.classifier(x, w, bias)


def cooccurrence(y: Tensor) -> Data:
    weight = y.t() @ y
    degree = weight.sum(1)
    weight = weight / (degree.unsqueeze(1) * degree).sqrt()
    target, source = weight.nonzero(as_tuple=True)
    return Data(edge_index=torch.stack([source, target]), edge_weight=weight[target, source], num_nodes=y.size(1))


@pytest.mark.parametrize("kind", ["eclare", "decaf"])
def test_text_model_learns_to_tag(kind):
    data = tiny_dataset(num_train=240, num_test=60)
    train_x, test_x, label_x = (CSR.from_scipy(m) for m in (data.train_x, data.test_x, data.label_x))
    train_y, test_y = (torch.from_numpy(m.toarray()) for m in (data.train_y, data.test_y))
    graph = cooccurrence(train_y)
    model = TextModel(data.num_features, data.num_labels, 16, kind)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(train_x, label_x, graph), train_y).backward()
        optimizer.step()
    assert all(p.grad is not None and bool(p.grad.any()) for p in model.parameters())
    model.eval()
    with torch.no_grad():
        best = model(test_x, label_x, graph).argmax(1)
    assert test_y[torch.arange(test_y.size(0)), best].mean() > 0.8  # chance is 0.17


def test_whole_model_compiles_in_one_graph_and_trains(compiled):
    graph = tiny_label_graph(6, 2)
    bag, document = BagEmbedding(10, 4), ResidualBlock(4, dropout=0.0, final_activation=True)
    gale, attention = GALE(4, dropout=0.0), LabelAttention(4, 2, dropout=0.0)
    classifier = LabelClassifier(6, 4, refinement=False, bias=False)
    modules = torch.nn.ModuleList([bag, document, gale, attention, classifier]).eval()

    def logits(token, rowptr, label_token, label_rowptr, edge_index, edge_weight):
        x = document(bag((token, rowptr, None)))
        u = bag((label_token, label_rowptr, None))
        return classifier(x, attention(gale(u, edge_index, edge_weight)))

    function = compiled(logits)
    labels = (torch.arange(12) % 10, torch.arange(0, 13, 2))
    for num_docs in (3, 5):
        documents = (torch.randint(10, (4 * num_docs,)), torch.arange(0, 4 * num_docs + 1, 4))
        arguments = (*documents, *labels, graph.edge_index, graph.edge_weight)
        out, expected = function(*arguments), logits(*arguments)
        torch.testing.assert_close(out, expected)
        gradients = torch.autograd.grad(out.square().sum(), list(modules.parameters()))
        naive = torch.autograd.grad(expected.square().sum(), list(modules.parameters()))
        for a, b in zip(gradients, naive, strict=True):
            torch.testing.assert_close(a, b)


def test_layers_import_nothing_else_of_the_package():
    folder = Path(xcgraph.layers.__file__).parent
    allowed = ("torch", "torch_geometric", "xcgraph.sparse", "xcgraph.typing", "__future__", "collections", "math")
    files = list(folder.glob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                assert name.startswith((*allowed, "typing")), f"{file.name} imports {name}"
