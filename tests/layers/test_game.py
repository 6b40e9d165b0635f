from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from xcgraph.layers import GAME
from xcgraph.testing import adjacency_forms, dense_adjacency, dense_game, tiny_label_graph

GRAPH = tiny_label_graph(9, 3)
DENSE = dense_adjacency(GRAPH.edge_index, GRAPH.edge_weight, 9, 9)


def predictions(num_rows: int, beam: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    index = torch.stack([torch.randperm(9, generator=generator)[:beam] for _ in range(num_rows)])
    score = 0.1 + torch.rand(num_rows, beam, generator=generator)
    index[torch.rand(num_rows, beam, generator=generator) < 0.2] = -1
    return index, score


def test_by_hand():
    # The walk of label 0 visits 0 and 2, the walk of label 1 nobody but label 2: edges point to the walk's start.
    edge_index, weight = torch.tensor([[0, 2, 2], [0, 0, 1]]), torch.tensor([0.5, 0.4, 1.0])
    index, score = GAME()(torch.tensor([[0, 1]]), torch.tensor([[0.8, 0.2]]), edge_index, weight, num_labels=3)
    # p G = (0.4, 0, 0.32 + 0.2); half of it plus half of p.
    assert index.tolist() == [[0, 2, 1, -1]]
    torch.testing.assert_close(score, torch.tensor([[0.6, 0.26, 0.1, 0.0]]))


@pytest.mark.parametrize("mix", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("k", [None, 3])
def test_equals_oracle(mix, k, device):
    index, score = predictions(6, 4)
    expected_index, expected_score = dense_game(index, score, DENSE, mix, k)
    graph = GRAPH.clone().to(device)
    out_index, out_score = GAME(mix, k)(
        index.to(device), score.to(device), graph.edge_index, graph.edge_weight, num_labels=9
    )
    kept = expected_score > 0  # mix = 0 or 1 leaves labels of score zero, which the oracle calls absent
    assert torch.equal(out_index.cpu()[kept], expected_index[kept])
    torch.testing.assert_close(out_score.cpu(), expected_score)


def test_every_adjacency_gives_the_same():
    index, score = predictions(5, 3)
    expected = GAME(0.4)(index, score, GRAPH.edge_index, GRAPH.edge_weight)
    for adjacency, weight in adjacency_forms(GRAPH.edge_index, GRAPH.edge_weight, 9, 9).values():
        out = GAME(0.4)(index, score, adjacency, weight)
        assert torch.equal(out[0], expected[0])
        torch.testing.assert_close(out[1], expected[1])


@pytest.mark.parametrize("max_entries", [1, 20, 41])
def test_pieces_do_not_matter(max_entries):
    index, score = predictions(11, 4)
    whole = GAME()(index, score, GRAPH.edge_index, GRAPH.edge_weight)
    layer = GAME(max_entries=max_entries)
    pieces = layer._pieces(index, layer._graph(index, GRAPH.edge_index, GRAPH.edge_weight, 9))
    assert len(pieces) > 1 and pieces[0][0] == 0 and pieces[-1][1] == 11
    assert all(a[1] == b[0] for a, b in pairwise(pieces))
    entries = [int((index[a:b] >= 0).sum()) * 4 for a, b in pieces]  # four edges a label
    assert all(n <= max_entries or b - a == 1 for n, (a, b) in zip(entries, pieces, strict=True))
    out = layer(index, score, GRAPH.edge_index, GRAPH.edge_weight)
    assert torch.equal(out[0], whole[0]) and torch.equal(out[1], whole[1])


def test_equal_scores_go_by_label_and_repeats_add_up():
    loops = torch.arange(4).repeat(2, 1)
    index, score = GAME(0.5)(torch.tensor([[3, 1, 2]]), torch.tensor([[0.5, 0.5, 0.5]]), loops)
    assert index.tolist() == [[1, 2, 3, -1, -1, -1]]
    index, score = GAME(0.5)(torch.tensor([[1, 1]]), torch.tensor([[0.25, 0.5]]), loops)
    assert index.tolist() == [[1, -1, -1, -1]] and score[0, 0] == 0.75


def test_dtype_missing_and_empty():
    index, score = torch.full((2, 3), -1, dtype=torch.int32), torch.zeros(2, 3)
    out = GAME()(index, score, GRAPH.edge_index, GRAPH.edge_weight)
    assert out[0].dtype == torch.int32 and (out[0] == -1).all() and not out[1].any()
    for shape in ((0, 3), (2, 0)):
        out = GAME(k=5)(torch.zeros(shape, dtype=torch.long), torch.zeros(shape), GRAPH.edge_index)
        assert out[0].shape == (shape[0], 5) and (out[0] == -1).all()
    none = torch.empty(2, 0, dtype=torch.long)
    out = GAME()(torch.tensor([[1]]), torch.tensor([[0.5]]), none)
    assert out[0].tolist() == [[1, -1]] and out[1].tolist() == [[0.25, 0.0]]


def test_gradients_reach_scores():
    index, score = predictions(3, 2)
    score = score.double().requires_grad_()

    def run(s):
        return GAME(0.3)(index, s, GRAPH.edge_index, GRAPH.edge_weight)[1]

    assert torch.autograd.gradcheck(run, score)


def test_wrong_input():
    index, score = predictions(2, 3)
    with pytest.raises(ValueError, match="'mix' must be between 0 and 1"):
        GAME(1.5)
    with pytest.raises(ValueError, match="'k' must be positive"):
        GAME(k=0)
    with pytest.raises(ValueError, match=r"shape \[N, B\]"):
        GAME()(index, score[:1], GRAPH.edge_index)
    with pytest.raises(ValueError, match="label 9 is predicted, but the graph has 9 labels"):
        GAME()(torch.tensor([[9]]), torch.ones(1, 1), GRAPH.edge_index, num_labels=9)
    with pytest.raises(ValueError, match="must be square"):
        GAME()(index, score, torch.ones(9, 8).to_sparse_csr())
    with pytest.raises(ValueError, match="values of a sparse adjacency"):
        GAME()(index, score, torch.ones(9, 9).to_sparse_csr(), torch.ones(3))


def test_compiles():
    # The expansion's size depends on the data, so this is not one graph; it must still give the same.
    index, score = predictions(3, 2)
    function = torch.compile(GAME(), dynamic=True, backend="eager")
    out = function(index, score, GRAPH.edge_index, GRAPH.edge_weight)
    expected = GAME()(index, score, GRAPH.edge_index, GRAPH.edge_weight)
    assert torch.equal(out[0], expected[0])
    torch.testing.assert_close(out[1], expected[1])


def test_repr():
    assert repr(GAME(0.4, 7)) == "GAME(mix=0.4, k=7)"
