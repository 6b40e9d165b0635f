from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from scipy.sparse import random as random_sparse
from torch_geometric.data import Data
from torch_geometric.loader import NodeLoader
from torch_geometric.nn import GraphConv, GraphSAGE, SAGEConv
from torch_geometric.utils import trim_to_layer

from xcgraph.layers import GALE, BagEmbedding
from xcgraph.loader import CSRFeatureStore, LabelNeighborLoader
from xcgraph.sampler import LabelNeighborSampler, NeighborCSC
from xcgraph.testing import tiny_label_graph

L = 40


@pytest.fixture
def data(device) -> Data:
    data = tiny_label_graph(L, 4)
    generator = torch.Generator().manual_seed(0)
    data.x = torch.randn(L, 6, generator=generator)
    data.y = data.x[:, 0].gt(0).long()
    return data.to(device)


class Net(torch.nn.Module):
    """Two plain PyG layers; knows nothing of sampling."""

    def __init__(self, layer: type) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.ModuleList([layer(6, 8), layer(8, 2)])
        self.weighted = layer is GraphConv

    def forward(self, x, edge_index, edge_weight=None, nodes=None, edges=None):
        for h, layer in enumerate(self.layers):
            if nodes is not None:
                x, edge_index, edge_weight = trim_to_layer(h, nodes, edges, x, edge_index, edge_weight)
            x = layer(x, edge_index, edge_weight) if self.weighted else layer(x, edge_index)
            x = x.relu() if h == 0 else x
        return x


@pytest.mark.parametrize("trim", [False, True])
@pytest.mark.parametrize("disjoint", [False, True])
@pytest.mark.parametrize("layer", [GraphConv, SAGEConv])
def test_all_neighbours_give_the_full_result(data, layer, disjoint, trim):
    net = Net(layer).to(data.x.device)
    expected = net(data.x, data.edge_index, data.edge_weight)
    loader = LabelNeighborLoader(data, [-1, -1], batch_size=7, disjoint=disjoint)
    assert len(loader) == 6
    for batch in loader:
        sizes = (batch.num_sampled_nodes, batch.num_sampled_edges) if trim else (None, None)
        out = net(batch.x, batch.edge_index, batch.edge_weight, *sizes)
        torch.testing.assert_close(out[: batch.batch_size], expected[batch.input_id.to(out.device)])
        assert batch.n_id[: batch.batch_size].cpu().equal(batch.input_id)
        assert batch.edge_weight.equal(data.edge_weight[batch.e_id]) and batch.x.equal(data.x[batch.n_id])


def test_trims_in_pyg_models(data):
    torch.manual_seed(0)
    net = GraphSAGE(6, 8, 2, 3).to(data.x.device).eval()
    batch = next(iter(LabelNeighborLoader(data, [2, 2], batch_size=5, seed=0)))
    whole = net(batch.x, batch.edge_index)[:5]
    trimmed = net(
        batch.x,
        batch.edge_index,
        num_sampled_nodes_per_hop=batch.num_sampled_nodes,
        num_sampled_edges_per_hop=batch.num_sampled_edges,
    )
    torch.testing.assert_close(trimmed[:5], whole)


def test_gale_of_seeds_equals_gale_of_the_graph(data):
    gale = GALE(6, num_hops=2, dropout=0.0).to(data.x.device)
    expected = gale(data.x, data.edge_index, data.edge_weight)
    loader = LabelNeighborLoader(data, [-1, -1], batch_size=9, input_nodes=torch.tensor([3, 3, 0, 39, 3]))
    batch = next(iter(loader))
    out = gale(
        batch.x,
        batch.edge_index,
        batch.edge_weight,
        batch.batch_size,
        batch.num_sampled_nodes,
        batch.num_sampled_edges,
    )
    torch.testing.assert_close(out, expected[[3, 3, 0, 39, 3]])


@pytest.mark.parametrize("layer", [GraphConv, SAGEConv])
def test_an_unmodified_training_loop_learns(data, layer):
    net = Net(layer).to(data.x.device)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    loader = LabelNeighborLoader(data, [3, 3], input_nodes=data.x[:, 1] > -1, batch_size=16, shuffle=True, seed=0)
    losses = []
    for _ in range(30):
        total = 0.0
        for batch in loader:
            optimizer.zero_grad()
            out = net(batch.x, batch.edge_index, batch.edge_weight)[: batch.batch_size]
            loss = F.cross_entropy(out, batch.y[: batch.batch_size])
            loss.backward()
            optimizer.step()
            total += loss.item() / len(loader)
        losses.append(total)
    assert losses[-1] < 0.5 * losses[0]


def test_strategies_and_subgraph_types(data):
    top = next(iter(LabelNeighborLoader(data, [1], weight_attr="edge_weight", strategy="top", batch_size=L)))
    heaviest = data.edge_weight.cpu().view(L, -1).max(dim=1).values
    assert top.edge_weight.cpu().equal(heaviest)
    for kind in ("induced", "bidirectional"):
        batch = next(iter(LabelNeighborLoader(data, [2], batch_size=3, subgraph_type=kind)))
        assert "num_sampled_nodes" not in batch and batch.edge_weight.numel() == batch.edge_index.size(1)
    batch = next(iter(LabelNeighborLoader(data, [2, 1], batch_size=3, disjoint=True, replace=True)))
    assert batch.batch[:3].tolist() == [0, 1, 2] and batch.num_sampled_edges == [6, batch.num_sampled_nodes[1]]


def test_plugs_into_node_loader(data):
    sampler = LabelNeighborSampler(data, [2, 2], weight_attr="edge_weight")
    batch = next(iter(NodeLoader(data, sampler, batch_size=4)))
    assert batch.batch_size == 4 and batch.edge_weight.equal(data.edge_weight[batch.e_id])


def n_ids(loader) -> list[list[int]]:
    return [batch.n_id.tolist() for batch in loader]


@pytest.mark.slow
def test_spawned_workers(tmp_path):
    graph = tiny_label_graph(60, 4)
    CSRFeatureStore(text=random_sparse(60, 30, 0.2, format="csr", random_state=0)).save(tmp_path / "text")
    store = CSRFeatureStore.load(tmp_path / "text")
    options = {"batch_size": 16, "features": store, "shuffle": True, "seed": 1, "num_workers": 1}
    loaders = [
        LabelNeighborLoader(graph, [3], multiprocessing_context=context, **options)
        for context in ("fork", "spawn")
    ]
    for forked, spawned in zip(*loaders, strict=True):
        assert spawned.e_id.equal(forked.e_id)
        assert spawned.text.to_scipy().nnz == forked.text.nnz


@pytest.mark.parametrize("num_workers", [0, 2])
def test_the_same_seed_gives_the_same_batches(num_workers):
    graph = tiny_label_graph(200, 30)

    def epochs(seed):
        loader = LabelNeighborLoader(
            graph, [3, 3], batch_size=50, shuffle=True, seed=seed, num_workers=num_workers
        )
        return [n_ids(loader), n_ids(loader)]

    first = epochs(1)
    assert epochs(1) == first and epochs(2) != first
    assert first[0] != first[1]


def test_workers_and_epochs_draw_different_numbers():
    # Every node hears 50 others, in the same order: equal draws would give equal offsets.
    source, target = torch.arange(50).repeat(100), torch.arange(100).repeat_interleave(50)
    graph = Data(edge_index=torch.stack([source, target]), num_nodes=100)
    loader = LabelNeighborLoader(graph, [5], batch_size=25, num_workers=2, seed=0)
    drawn = [tuple((batch.e_id % 50).tolist()) for _ in range(2) for batch in loader]
    assert len(set(drawn)) == 8


def test_workers_share_the_graph_and_give_whole_batches():
    graph = tiny_label_graph(60, 4)
    store = CSRFeatureStore(text=random_sparse(60, 30, 0.2, format="csr", random_state=0))
    loader = LabelNeighborLoader(graph, [-1], batch_size=16, num_workers=2, features=store)
    assert loader.node_sampler.csc.row.is_shared()
    seen = []
    for batch in loader:
        seen += batch.input_id.tolist()
        assert batch.text.to_scipy().toarray().shape == (batch.n_id.numel(), 30)
        assert batch.edge_weight.equal(graph.edge_weight[batch.e_id])
    assert seen == list(range(60))


def test_features_are_attached_before_the_transform(data):
    matrix = random_sparse(L, 25, 0.2, format="csr", random_state=0, dtype="float32")
    bag = BagEmbedding(25, 4).to(data.x.device)

    def embed(batch):
        batch.u = bag(batch.text)
        return batch

    loader = LabelNeighborLoader(data, [2], batch_size=9, features=CSRFeatureStore(text=matrix), transform=embed)
    expected = torch.from_numpy(matrix.toarray()).to(data.x.device) @ bag.weight
    for batch in loader:
        torch.testing.assert_close(batch.u, expected[batch.n_id])


def test_graph_without_num_nodes_is_left_as_it_is():
    graph = Data(edge_index=torch.tensor([[0, 2], [1, 1]]), x=torch.rand(4, 1))
    batch = next(iter(LabelNeighborLoader(graph, [-1], batch_size=4)))
    assert batch.num_nodes == 4 and "num_nodes" not in graph and batch.n_id.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("input_nodes", [[], torch.zeros(L, dtype=torch.bool), torch.empty(0, dtype=torch.long)])
def test_no_seeds(data, input_nodes):
    assert list(LabelNeighborLoader(data, [2], input_nodes=input_nodes)) == []


def test_lists_and_masks_as_seeds(data):
    mask = torch.zeros(L, dtype=torch.bool)
    mask[[5, 2]] = True
    assert n_ids(LabelNeighborLoader(data, [1], input_nodes=mask, batch_size=1))[0][0] == 2
    assert n_ids(LabelNeighborLoader(data, [1], input_nodes=[5, 2], batch_size=1))[0][0] == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_nodes": torch.tensor([0, L])}, f"expected seeds from 0 to {L - 1}, got {L}"),
        ({"input_nodes": [-1]}, "got -1"),
        ({"input_nodes": torch.ones(L + 1, dtype=torch.bool)}, rf"mask of shape \[{L}\].*got \[{L + 1}\]"),
        ({"num_neighbors": [0]}, "'num_neighbors'"),
        ({"weight_attr": "no"}, "expected edge weights in 'no'"),
        ({"backend": "torch-sparse"}, "expected replace=True"),
    ],
)
def test_bad_arguments(data, arguments, message):
    with pytest.raises(ValueError, match=message):
        LabelNeighborLoader(data, **{"num_neighbors": [2], **arguments})


def test_sparse_features_in_the_graph_are_refused(data):
    for value in (
        torch.eye(L).to_sparse_csr(),
        random_sparse(L, 25, 0.2, format="csr"),
        CSRFeatureStore(text=random_sparse(L, 25, 0.2, format="csr")).select("text", torch.arange(L)),
    ):
        data.text = value
        with pytest.raises(ValueError, match=r"as 'text'.*CSRFeatureStore"):
            LabelNeighborLoader(data, [2])


def test_workers_for_a_graph_on_cuda_are_refused(monkeypatch):
    monkeypatch.setattr(NeighborCSC, "device", torch.device("cuda:0"))
    with pytest.raises(ValueError, match=r"expected num_workers=0 for a graph on cuda:0.*got 2"):
        LabelNeighborLoader(tiny_label_graph(), [2], num_workers=2)


def test_repr(data):
    loader = LabelNeighborLoader(data, [2, 1])
    assert repr(loader) == f"LabelNeighborLoader(LabelNeighborSampler({L} nodes, num_neighbors=[2, 1]))"
