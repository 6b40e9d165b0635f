from __future__ import annotations

import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.models import DECAF, ECLARE
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_label_graph
from xcgraph.training.label_hops import LabelHops

GRAPH = tiny_label_graph(7, 2)
INDEX = torch.tensor([5, 0, 5, 3])
MODES = ["exact", "stale", "frozen"]


@pytest.fixture
def label_x():
    return CSR.from_scipy(csr_matrix((torch.rand(7, 9) * (torch.rand(7, 9) < 0.5)).numpy()))


def change(model):
    with torch.no_grad():
        model.embedding.weight.add_(torch.randn_like(model.embedding.weight))


def test_compute_is_that_of_the_model(label_x):
    model = ECLARE(9, 7, 4, num_hops=2)
    expected = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight)
    for mode in MODES:
        torch.testing.assert_close(LabelHops(model, label_x, GRAPH, mode).compute(), expected)


@pytest.mark.parametrize("index", [None, INDEX])
def test_exact_follows_every_change(label_x, index):
    model = ECLARE(9, 7, 4, num_hops=2)
    hops = LabelHops(model, label_x, GRAPH, "exact")
    for _ in range(2):
        hops.refresh()
        change(model)
        expected = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight)
        torch.testing.assert_close(hops(index), expected if index is None else expected[index])


@pytest.mark.parametrize("index", [None, INDEX])
def test_stale(label_x, index):
    model = ECLARE(9, 7, 4, num_hops=2)
    hops = LabelHops(model, label_x, GRAPH, "stale")
    rows = torch.arange(7) if index is None else index
    hops.refresh()
    start = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight)
    torch.testing.assert_close(hops(index), start[rows])  # exact when the epoch starts
    change(model)
    now = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight)
    assert not torch.allclose(now, start)
    torch.testing.assert_close(hops(index)[:, 0], now[rows, 0])  # the text is live
    torch.testing.assert_close(hops(index)[:, 1:], start[rows, 1:])  # the neighbourhoods are not
    hops.refresh()
    torch.testing.assert_close(hops(index), now[rows])


def test_gradients(label_x):
    model = ECLARE(9, 7, 4)
    weight = model.embedding.weight
    scale = torch.randn(7, 2, 4)
    for mode, live in (("exact", slice(0, 2)), ("stale", slice(0, 1))):
        hops = LabelHops(model, label_x, GRAPH, mode)
        hops.refresh()
        (got,) = torch.autograd.grad((hops(None) * scale).sum(), weight)
        all_hops = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight)
        (expected,) = torch.autograd.grad((all_hops * scale)[:, live].sum(), weight)
        torch.testing.assert_close(got, expected)


@pytest.mark.parametrize("index", [None, INDEX])
def test_frozen_is_computed_once(label_x, index):
    model = ECLARE(9, 7, 4)
    hops = LabelHops(model, label_x, GRAPH, "frozen")
    with pytest.raises(AssertionError, match="refresh"):
        hops(index)
    hops.refresh()
    start = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight).detach()
    change(model)
    hops.refresh()
    out = hops(index)
    torch.testing.assert_close(out, start if index is None else start[index])
    assert not out.requires_grad


@pytest.mark.parametrize("mode", MODES)
def test_without_a_graph(label_x, mode):
    model = DECAF(9, 7, 4)
    hops = LabelHops(model, label_x, None, mode)
    hops.refresh()
    text = model.embedding(label_x).unsqueeze(1)
    assert hops.compute().shape == (7, 1, 4)
    torch.testing.assert_close(hops(None), text)
    torch.testing.assert_close(hops(INDEX), text[INDEX])


def test_a_model_with_hops_needs_a_graph(label_x):
    with pytest.raises(ValueError, match="the model has 1 hops over a label graph, but there is no graph"):
        LabelHops(ECLARE(9, 7, 4), label_x, None, "stale")
