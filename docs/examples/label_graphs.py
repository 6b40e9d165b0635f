"""Label graphs as PyG data: builds four, compares them, draws a neighbourhood, trains a PyG model on them.

The tutorial docs/tutorials/label-graphs.md explains it step by step.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.decomposition import TruncatedSVD
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.nn import GraphConv
from torch_geometric.utils import remove_self_loops, subgraph

from xcgraph.data import LFDataset
from xcgraph.datasets import load_dataset, planted_matrices
from xcgraph.graph import BlendGraph, CooccurrenceGraph, RandomWalkGraph, TextKNNGraph, graph_statistics
from xcgraph.shortlist import dense_centroids
from xcgraph.transforms import NormalizeEdges, TopKEdges


def neighbors(graph: Data, label: int) -> list[int]:
    """Neighbours of a label, heaviest first, without itself."""
    source, target = graph.edge_index
    edges = ((target == label) & (source != label)).nonzero().view(-1)
    return source[edges[graph.edge_weight[edges].argsort(descending=True, stable=True)]].tolist()


def draw(graph: Data, label: int, uids: list[str], path: Path) -> None:
    """Draws the neighbours of a label and the edges among them, on an opaque background."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import networkx as nx

    nodes = torch.tensor([label, *neighbors(graph, label)])
    edge_index, weight = subgraph(nodes, graph.edge_index, graph.edge_weight, num_nodes=graph.num_nodes)
    edge_index, weight = remove_self_loops(edge_index, weight)
    net = nx.DiGraph()
    net.add_nodes_from(nodes.tolist())
    net.add_weighted_edges_from(zip(*edge_index.tolist(), weight.tolist(), strict=True))
    place = nx.circular_layout(nodes[1:].tolist()) | {label: np.zeros(2)}

    figure, ax = plt.subplots(figsize=(6.4, 5.0), facecolor="white")
    heaviest = weight.max().item() if weight.numel() else 1.0
    width = [0.6 + 3.0 * d["weight"] / heaviest for _, _, d in net.edges(data=True)]
    color = ["#1f6f8b" if label in edge else "#c3ccd2" for edge in net.edges()]
    nx.draw_networkx_edges(
        net, place, ax=ax, width=width, edge_color=color, arrowsize=11, connectionstyle="arc3,rad=0.12",
        node_size=900,
    )  # fmt: skip
    for node, (x, y) in place.items():
        box = {"boxstyle": "round,pad=0.35", "fc": "#ffe3b3" if node == label else "#eef3f6", "ec": "#52606b"}
        ax.text(x, y, uids[node], ha="center", va="center", fontsize=10, color="#1b232a", bbox=box)
    ax.set(xlim=(-1.35, 1.35), ylim=(-1.2, 1.2))
    ax.axis("off")
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plt.close(figure)


class Net(torch.nn.Module):
    """Two plain PyG layers; what they get is a label graph."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = GraphConv(dim, dim), GraphConv(dim, dim)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor) -> Tensor:
        x = x + self.conv1(x, edge_index, edge_weight).relu()
        return self.conv2(x, edge_index, edge_weight)


def train(graph: Data, x: Tensor, y: Tensor, held_out: Tensor, steps: int) -> float:
    """Learns where the documents of a label lie; mean cosine over the labels held out."""
    torch.manual_seed(0)
    model = Net(x.size(1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        out = model(x, graph.edge_index, graph.edge_weight)
        loss = 1 - F.cosine_similarity(out, y)[~held_out].mean()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return float(F.cosine_similarity(model(x, graph.edge_index, graph.edge_weight), y)[held_out].mean())


def load(name: str, quick: bool) -> LFDataset:
    """The data set, or a small synthetic one."""
    return planted_matrices(num_labels=200) if quick else load_dataset(name, text="title")


@click.command()
@click.option("--data", "name", default="debian-rse", show_default=True, help="Name of a data set, or a folder.")
@click.option("--label", "uid", help="Label whose neighbourhood to show.  [default: the first]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Keep the picture in this file.")
@click.option("--quick", is_flag=True, help="A small synthetic data set, in seconds.")
def main(name: str, uid: str | None, out: Path | None, quick: bool) -> None:
    """Builds label graphs of a data set, compares them, and trains a PyG model on them."""
    data = load(name, quick)
    if uid is not None and uid not in data.label_uids:
        raise click.BadParameter(f"{data.name} has no label {uid!r}", param_hint="--label")
    label = 0 if uid is None else data.label_uids.index(uid)
    click.echo(data)

    walk, text = RandomWalkGraph(), TextKNNGraph()
    builders = {
        "walk": walk,
        "expected walk": RandomWalkGraph(method="exact"),
        "co-occurrence": CooccurrenceGraph(head_threshold=500),
        "text": text,
        "walk + text": BlendGraph([walk, text], weights=[0.7, 0.3]),
    }
    graphs = {key: builder(data) for key, builder in builders.items()}
    for key, graph in graphs.items():
        s = graph_statistics(graph, data.train_y, data.label_x)
        near = ", ".join(data.label_uids[source] for source in neighbors(graph, label)[:3])
        click.echo(
            f"{key:14}{s['edges']:8,} edges, {s['isolated']:6,} isolated, text cosine "
            f"{s['text_cosine_edges']:.2f}; nearest to {data.label_uids[label]}: {near}"
        )
    if out is not None:
        draw(graphs["walk"], label, data.label_uids, out)
        click.echo(f"picture in {out}")

    svd = TruncatedSVD(16 if quick else 64, n_iter=2, random_state=0).fit(data.label_x)
    x, doc = (torch.from_numpy(svd.transform(m)).float() for m in (data.label_x, data.train_x))
    y = dense_centroids(data.train_y, doc)
    held_out = torch.rand(data.num_labels, generator=torch.Generator().manual_seed(0)) < 0.1
    alone = TopKEdges(0)(graphs["walk"].clone())  # self loops are kept: every label by itself
    for key, graph in {"no graph": alone, "walk": graphs["walk"], "text": graphs["text"]}.items():
        cosine = train(NormalizeEdges()(graph.clone()), x, y, held_out, steps=5 if quick else 25)
        click.echo(f"{key:9} cosine with the documents of held-out labels: {cosine:.3f}")


if __name__ == "__main__":
    main()
