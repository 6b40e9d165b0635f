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
MODES = ["exact", "stale", "frozen", "sampled"]


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
@pytest.mark.parametrize("mode", ["exact", "sampled"])
def test_exact_follows_every_change(label_x, index, mode):
    """As does sampling with a fan-out that no label exceeds."""
    model = ECLARE(9, 7, 4, num_hops=2)
    hops = LabelHops(model, label_x, GRAPH, mode)
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
    for mode, live in (("exact", slice(0, 2)), ("sampled", slice(0, 2)), ("stale", slice(0, 1))):
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


def test_sampled_neighbourhoods_are_right_on_average(label_x):
    model = ECLARE(9, 7, 4)
    graph = tiny_label_graph(7, 5)
    hops = LabelHops(model, label_x, graph, "sampled", fan_out=2)
    with torch.no_grad():
        draws = torch.stack([hops(INDEX) for _ in range(3000)])
        expected = model.label_hops(label_x, graph.edge_index, graph.edge_weight)[INDEX]
    torch.testing.assert_close(draws[:, :, 0], expected[:, 0].expand(3000, -1, -1))
    error = (draws.mean(dim=0) - expected).abs() / (draws.std(dim=0) / 3000**0.5 + 1e-6)
    assert draws.std(dim=0)[:, 1].min() > 0 and error.max() < 4.5


def test_sampling_repeats_with_the_seed(label_x):
    graph = tiny_label_graph(7, 5)
    hops = LabelHops(ECLARE(9, 7, 4), label_x, graph, "sampled", fan_out=2)

    def draw():
        torch.manual_seed(3)
        return [hops(INDEX).detach() for _ in range(3)]

    first, again = draw(), draw()
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True)) and not torch.equal(
        first[0], first[1]
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("graph", [GRAPH, None])
def test_blocks_and_last_are_exact_and_of_now(label_x, mode, graph):
    model = DECAF(9, 7, 4) if graph is None else ECLARE(9, 7, 4, num_hops=2)
    hops = LabelHops(model, label_x, graph, mode, fan_out=1)
    if mode != "frozen":
        hops.refresh()
        change(model)
    expected = hops.compute().detach()
    index, rows = zip(*hops.blocks(3), strict=True)
    assert [i.tolist() for i in index] == [[0, 1, 2], [3, 4, 5], [6]]
    torch.testing.assert_close(torch.cat(rows), expected)
    torch.testing.assert_close(hops.last(), expected[:, -1])


def test_frozen_hops_in_a_file(label_x, tmp_path):
    model = ECLARE(9, 7, 4)
    memory, disk = (
        LabelHops(model, label_x, GRAPH, "frozen"),
        LabelHops(model, label_x, GRAPH, "frozen", folder=tmp_path),
    )
    for hops in (memory, disk):
        hops.refresh()
    assert torch.equal(memory(INDEX), disk(INDEX)) and (tmp_path / "hops.npy").is_file()
