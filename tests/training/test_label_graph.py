from __future__ import annotations

import pytest
import torch

from xcgraph.graph import CooccurrenceGraph, RandomWalkGraph, TextKNNGraph
from xcgraph.training.label_graph import make_label_graph


@pytest.mark.parametrize(
    ("graph", "recipe"), [("walk", "default"), ("walk", "paper"), ("cooccurrence", "default"), ("text", "default")]
)
def test_graphs_are_those_of_the_builders(tiny, small, graph, recipe):
    settings = small(graph=graph, graph_top_k=3)
    found = make_label_graph(settings, recipe, tiny.train_y, tiny.label_x, None, 7, torch.device("cpu"))
    method = "walk" if recipe == "paper" else "auto"
    walk = RandomWalkGraph(settings.restart, settings.walk_length, 3, method=method, seed=7)
    expected = {"walk": walk, "cooccurrence": CooccurrenceGraph(k=3), "text": TextKNNGraph(k=3)}[graph](tiny)
    assert found.num_nodes == tiny.num_labels
    assert torch.equal(found.edge_index, expected.edge_index)
    assert torch.equal(found.edge_weight, expected.edge_weight)


def test_neighbours_of_walks_whose_texts_disagree_are_dropped(tiny, small):
    settings = small(graph="walk", prune_max_dist=0.5)
    embedding = torch.eye(tiny.num_labels)
    found = make_label_graph(settings, "paper", tiny.train_y, tiny.label_x, embedding, 0, torch.device("cpu"))
    assert torch.equal(found.edge_index[0], found.edge_index[1])
