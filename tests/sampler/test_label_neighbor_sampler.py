from __future__ import annotations

import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Data
from torch_geometric.sampler import NodeSamplerInput
from torch_geometric.sampler.base import SubgraphType
from torch_geometric.utils import coalesce, k_hop_subgraph

from xcgraph.sampler import LabelNeighborSampler
from xcgraph.testing import assert_is_sample, tiny_label_graph

STRATEGIES = ["uniform", "weighted", "top"]
# 1 hears 0, 2 and itself; 2 hears 1; 3 hears 2, 0, 1, 4; 0 and 4 hear nobody.
EDGES = torch.tensor([[2, 0, 1, 1, 2, 0, 1, 4], [1, 1, 1, 2, 3, 3, 3, 3]])
WEIGHT = torch.tensor([0.5, 3.0, 0.0, 1.0, 4.0, 1.0, 3.0, 2.0])


def graph(device="cpu") -> Data:
    return Data(edge_index=EDGES, w=WEIGHT, num_nodes=5).to(device)


def sample(data: Data, seeds, num_neighbors, strategy="uniform", **kwargs):
    weight_attr = None if strategy == "uniform" else "w"
    sampler = LabelNeighborSampler(data, num_neighbors, strategy=strategy, weight_attr=weight_attr, **kwargs)
    seeds = torch.as_tensor(seeds, dtype=torch.long)
    return sampler.sample_from_nodes(NodeSamplerInput(torch.arange(seeds.numel()), seeds))


@st.composite
def cases(draw):
    num_nodes = draw(st.integers(1, 12))
    pairs = st.tuples(st.integers(0, num_nodes - 1), st.integers(0, num_nodes - 1))
    edges = draw(st.lists(pairs, unique=True, max_size=60))
    weight = draw(st.lists(st.floats(1e-3, 1e3), min_size=len(edges), max_size=len(edges)))
    data = Data(
        edge_index=torch.tensor(edges, dtype=torch.long).view(-1, 2).t().contiguous(),
        w=torch.tensor(weight, dtype=torch.float64),
        num_nodes=num_nodes,
    )
    seeds = draw(st.lists(st.integers(0, num_nodes - 1), max_size=6))
    num_neighbors = draw(st.lists(st.sampled_from([-1, 1, 2, 3, 20]), min_size=1, max_size=3))
    return data, seeds, num_neighbors


@settings(deadline=None, max_examples=150, derandomize=True)
@given(cases(), st.sampled_from(STRATEGIES), st.booleans(), st.booleans())
def test_every_batch(case, strategy, replace, disjoint):
    data, seeds, num_neighbors = case
    replace = replace and strategy != "top"
    out = sample(data, seeds, num_neighbors, strategy, replace=replace, disjoint=disjoint)
    assert_is_sample(data, seeds, num_neighbors, out, replace, disjoint)


@pytest.mark.parametrize("disjoint", [False, True])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_on_every_device(device, strategy, disjoint):
    seeds, data = [3, 0, 4, 3], graph(device)
    for fan_out in (1, 2, 3):
        out = sample(data, seeds, [fan_out, 2], strategy, disjoint=disjoint)
        assert out.node.device.type == out.edge.device.type == device.type
        if strategy != "weighted":  # an edge of weight zero is among those of node 1
            assert_is_sample(data, seeds, [fan_out, 2], out, disjoint=disjoint)


def test_by_hand():
    out = sample(graph(), [3, 2, 3], [-1, -1])
    # Both 3s hear all of 3's neighbours; only the first 3 could be heard. Node 2 hears 1. Then 0, 1 and 4.
    assert out.node.tolist() == [3, 2, 3, 0, 1, 4]
    assert out.col.tolist() == [0] * 4 + [1] + [2] * 4 + [4] * 3
    assert sorted(out.row[:4].tolist()) == [1, 3, 4, 5] and out.row[4] == 4
    assert sorted(out.row[9:].tolist()) == [1, 3, 4]
    assert out.num_sampled_nodes == [3, 3, 0] and out.num_sampled_edges == [9, 3]


def test_disjoint_by_hand():
    out = sample(graph(), [3, 2, 3], [-1], disjoint=True)
    assert out.node.tolist() == [3, 2, 3, 0, 1, 2, 4, 1, 0, 1, 2, 4]
    assert out.batch.tolist() == [0, 1, 2, 0, 0, 0, 0, 1, 2, 2, 2, 2]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_all_neighbours_are_the_k_hop_subgraph(strategy):
    data = tiny_label_graph(40, 3)
    data.w = data.edge_weight
    for hops in (1, 2, 3):
        out = sample(data, [7, 31], [-1] * hops, strategy)
        node, _, _, mask = k_hop_subgraph([7, 31], hops, data.edge_index, num_nodes=40)
        assert out.node.sort().values.equal(node)
        # The subgraph of PyG has the edges among the last nodes too.
        inner, *_ = k_hop_subgraph([7, 31], hops - 1, data.edge_index, num_nodes=40)
        expected = torch.isin(data.edge_index[1], inner).nonzero().squeeze(1)
        assert out.edge.sort().values.equal(expected) and mask[expected].all()


def test_top_takes_the_heaviest_and_breaks_ties_by_id():
    out = sample(graph(), [3, 1], [2], "top")
    assert out.edge.tolist() == [4, 6, 1, 0]  # of weight 4 and 3; 3 and 0.5
    data = Data(edge_index=torch.tensor([[4, 2, 3], [0, 0, 0]]), w=torch.ones(3), num_nodes=5)
    assert sample(data, [0], [2], "top").edge.tolist() == [1, 2]


@pytest.mark.parametrize("replace", [False, True])
def test_weighted_never_draws_an_edge_without_weight(replace):
    data = graph()
    drawn = [sample(data, [1], [3], "weighted", replace=replace, seed=s).edge.tolist() for s in range(50)]
    assert {edge for edges in drawn for edge in edges} == {0, 1}
    assert all(len(edges) == (3 if replace else 2) for edges in drawn)
    assert sorted(sample(data, [1], [-1], "weighted", replace=replace).edge.tolist()) == [0, 1, 2]
    data.w = torch.zeros(8)
    assert sample(data, [1, 3], [3, 3], "weighted", replace=replace).edge.numel() == 0


def test_weighted_follows_the_weights_of_an_unsorted_graph():
    # Of three in-edges of every node, the last in the graph's order weighs 8, the others 1.
    n = 3000
    source = torch.stack([(torch.arange(n) + shift) % n for shift in (5, 9, 2)])
    edge_index = torch.stack([source.view(-1), torch.arange(n).repeat(3)])
    data = Data(edge_index=edge_index, w=torch.tensor([1.0, 1.0, 8.0]).repeat_interleave(n), num_nodes=n)
    for replace in (False, True):
        out = sample(data, range(n), [1], "weighted", replace=replace, seed=0)
        share = (out.edge // n).bincount(minlength=3) / n
        torch.testing.assert_close(share, torch.tensor([0.1, 0.1, 0.8]), atol=0.025, rtol=0)


def test_edge_ids_of_an_unsorted_graph():
    data = tiny_label_graph(30, 4)
    shuffled = data.edge_index[:, torch.randperm(data.num_edges, generator=torch.Generator().manual_seed(0))]
    assert_is_sample(
        Data(edge_index=shuffled, num_nodes=30),
        [3, 8],
        [3, 2],
        sample(Data(edge_index=shuffled, num_nodes=30), [3, 8], [3, 2]),
    )


@pytest.mark.parametrize("disjoint", [False, True])
@pytest.mark.parametrize("replace", [False, True])
def test_no_seeds_and_tiny_graphs(replace, disjoint):
    options = {"replace": replace, "disjoint": disjoint}
    assert_is_sample(graph(), [], [2, 2], sample(graph(), [], [2, 2], **options), **options)
    alone = Data(edge_index=torch.empty(2, 0, dtype=torch.long), num_nodes=1)
    assert_is_sample(alone, [0, 0], [2], sample(alone, [0, 0], [2], **options), **options)
    loop = Data(edge_index=torch.zeros(2, 1, dtype=torch.long), num_nodes=1)
    out = sample(loop, [0], [2, 2], **options)
    assert_is_sample(loop, [0], [2, 2], out, **options)
    assert out.node.tolist() == [0] and set(out.row.tolist()) == {0}
    nothing = Data(edge_index=torch.empty(2, 0, dtype=torch.long), num_nodes=0)
    assert sample(nothing, [], [1], **options).node.numel() == 0


@pytest.mark.parametrize("subgraph_type", ["bidirectional", SubgraphType.bidirectional])
def test_bidirectional_is_what_pyg_calls_so(subgraph_type):
    forward = sample(graph(), [3], [2, 2], seed=1)
    out = sample(graph(), [3], [2, 2], seed=1, subgraph_type=subgraph_type)
    both = torch.cat([torch.stack([forward.row, forward.col]), torch.stack([forward.col, forward.row])], dim=1)
    assert torch.stack([out.row, out.col]).equal(coalesce(both, sort_by_row=False))
    assert out.num_sampled_nodes is None and out.num_sampled_edges is None
    assert out.node.equal(forward.node) and out.edge.numel() == out.row.numel()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_induced_has_all_edges_among_the_nodes(strategy):
    data = tiny_label_graph(40, 5)
    data.w = data.edge_weight
    out = sample(data, [7, 31], [2, 2], strategy, subgraph_type="induced")
    source, target = data.edge_index
    among = (torch.isin(source, out.node) & torch.isin(target, out.node)).nonzero().squeeze(1)
    assert out.edge.sort().values.equal(among)
    assert torch.stack([out.node[out.row], out.node[out.col]]).equal(data.edge_index[:, out.edge])


def test_the_same_seed_gives_the_same_batches():
    data = tiny_label_graph(100, 20)
    nodes = NodeSamplerInput(None, torch.arange(50))

    def batches(seed):
        sampler = LabelNeighborSampler(data, [5, 5], seed=seed)
        return [sampler.sample_from_nodes(nodes).edge.tolist() for _ in range(3)]

    first = batches(3)
    torch.manual_seed(99)
    assert batches(3) == first and batches(4) != first
    assert first[0] != first[1]
    torch.manual_seed(5)
    by_torch = batches(None)
    torch.manual_seed(5)
    assert batches(None) == by_torch


def test_a_seeded_sampler_leaves_the_global_generator_alone():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    sample(graph(), [3], [2], seed=1)
    assert torch.rand(1) == expected


def test_travels_to_workers():
    sampler = LabelNeighborSampler(graph(), [2], seed=1)
    nodes = NodeSamplerInput(None, torch.tensor([3]))
    first = sampler.sample_from_nodes(nodes).edge
    assert pickle.loads(pickle.dumps(sampler)).sample_from_nodes(nodes).edge.equal(first)


def test_the_largest_tensor_of_a_batch_does_not_grow_with_the_graph():
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Largest(TorchDispatchMode):
        numel = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            views = ("aten.slice", "aten.detach", "aten.view", "aten.alias")  # cost nothing
            if not str(func).startswith(views):
                self.numel = max(
                    [self.numel, *(t.numel() for t in tree_leaves(out) if isinstance(t, torch.Tensor))]
                )
            return out

    data = tiny_label_graph(5000, 3)
    data.w = data.edge_weight
    for strategy in STRATEGIES:
        for disjoint in (False, True):
            sampler = LabelNeighborSampler(
                data,
                [2, 2],
                strategy=strategy,
                disjoint=disjoint,
                weight_attr=None if strategy == "uniform" else "w",
            )
            with Largest() as largest:
                sampler.sample_from_nodes(NodeSamplerInput(None, torch.arange(8)))
            assert 0 < largest.numel < 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_neighbors": [0]}, r"'num_neighbors'.*got \[0\]"),
        ({"num_neighbors": []}, r"'num_neighbors'.*got \[\]"),
        ({"num_neighbors": [2, -2]}, r"got \[2, -2\]"),
        ({"num_neighbors": [2.0]}, r"got \[2.0\]"),
        ({"num_neighbors": [True]}, r"got \[True\]"),
        ({"num_neighbors": 3}, "got 3"),
        ({"num_neighbors": {("a", "to", "b"): [3]}}, "got {"),
        ({"strategy": "best"}, "'strategy' to be one of 'uniform', 'weighted', 'top', got 'best'"),
        ({"strategy": "top"}, "expected a 'weight_attr' with strategy='top', got None"),
        (
            {"strategy": "uniform", "weight_attr": "w"},
            "expected no 'weight_attr' with strategy='uniform', got 'w'",
        ),
        ({"strategy": "top", "weight_attr": "w", "replace": True}, "expected replace=False with strategy='top'"),
        ({"backend": "cugraph"}, "'backend' to be one of 'torch'.*got 'cugraph'"),
        ({"subgraph_type": "all"}, "'subgraph_type' to be one of 'directional'.*got 'all'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        LabelNeighborSampler(graph(), **{"num_neighbors": [2], **arguments})


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        (torch.tensor([0, 5]), "expected seeds from 0 to 4, got 5"),
        (torch.tensor([-1, 3]), "expected seeds from 0 to 4, got -1"),
        (torch.tensor([0.0]), r"got \[1\] of torch.float32"),
        (torch.tensor([[0]]), r"got \[1, 1\] of torch.int64"),
        (torch.tensor([True]), r"got \[1\] of torch.bool"),
    ],
)
def test_bad_seeds(seeds, message):
    with pytest.raises(ValueError, match=message):
        LabelNeighborSampler(graph(), [2]).sample_from_nodes(NodeSamplerInput(None, seeds))


def test_times_are_refused():
    nodes = NodeSamplerInput(None, torch.tensor([0]), time=torch.tensor([1]))
    with pytest.raises(ValueError, match="without time stamps"):
        LabelNeighborSampler(graph(), [2]).sample_from_nodes(nodes)


def test_weight_attr_alone_means_weighted_as_in_pyg():
    assert LabelNeighborSampler(graph(), [2], weight_attr="w").backend.strategy == "weighted"
    assert repr(LabelNeighborSampler(graph(), [2])) == "LabelNeighborSampler(5 nodes, num_neighbors=[2])"
