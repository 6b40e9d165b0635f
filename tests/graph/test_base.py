import pytest
import torch
from torch_geometric.data import Data

from xcgraph.graph import BlendGraph, CooccurrenceGraph, LabelGraphBuilder, RandomWalkGraph, validate_label_graph


def _graph(source=(0, 1, 1), target=(0, 0, 1), weight=(2.0, 1.0, 3.0), num_nodes=2):
    return Data(edge_index=torch.tensor([source, target]), edge_weight=torch.tensor(weight), num_nodes=num_nodes)


def test_a_good_graph_is_returned(device):
    graph = _graph().to(device)
    assert validate_label_graph(graph, num_labels=2) is graph


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": (0, 2, 1)}, "from 0 to 1, got 0 to 2"),
        ({"source": (0, -1, 1)}, "from 0 to 1, got -1 to 1"),
        ({"weight": (2.0, float("nan"), 3.0)}, "got nan and 0 more"),
        ({"weight": (0.0, float("inf"), 3.0)}, "got 0.0 and 1 more"),
        ({"weight": (2.0, 1.0)}, r"3 floating point 'edge_weight', got \[2\]"),
        ({"weight": (2, 1, 3)}, "got .*int64"),
        ({"source": (1, 0, 1)}, "edges out of order"),
        ({"source": (0, 1, 0, 1), "target": (1, 0, 0, 1), "weight": (1.0,) * 4}, "edges out of order"),
        ({"source": (0, 0, 1)}, "a repeated edge"),
        ({"source": (0, 1, 0)}, "each of 2 labels, got 1"),
        ({"num_nodes": 3}, "each of 3 labels, got 2"),
    ],
)
def test_broken_promises_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        validate_label_graph(_graph(**change))


def test_shape_dtype_and_number_of_labels():
    with pytest.raises(ValueError, match="expected 5 labels, got 2"):
        validate_label_graph(_graph(), num_labels=5)
    with pytest.raises(ValueError, match="int64, got none"):
        validate_label_graph(Data(num_nodes=2))
    graph = _graph()
    graph.edge_index = graph.edge_index.int()
    with pytest.raises(ValueError, match=r"got .*int32"):
        validate_label_graph(graph)


def test_builders_validate_what_they_build():
    class Broken(LabelGraphBuilder):
        def build(self, data):
            return _graph(weight=(-1.0, 1.0, 1.0))

    with pytest.raises(ValueError, match=r"got -1\.0"):
        Broken()(None)


def test_repr_shows_the_arguments():
    assert repr(BlendGraph([CooccurrenceGraph(k=3)], k=4)) == (
        "BlendGraph(builders=[CooccurrenceGraph(k=3, head_threshold=None)], weights=[1.0], k=4)"
    )
    assert "label_embedding=[7, 2]" in repr(RandomWalkGraph(label_embedding=torch.ones(7, 2)))
