import types

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array, csr_matrix

from xcgraph.graph import BipartiteWalk, RandomWalkGraph, validate_label_graph
from xcgraph.graph.expected_walk import ExpectedWalk
from xcgraph.testing import tiny_dataset


def _same(a, b):
    return torch.equal(a.edge_index.cpu(), b.edge_index.cpu()) and torch.equal(
        a.edge_weight.cpu(), b.edge_weight.cpu()
    )


def _counts(y, **kwargs):
    visited = BipartiteWalk(y, **kwargs)(torch.arange(y.shape[1]))
    return np.array([[(row == label).sum().item() for label in range(y.shape[1])] for row in visited])


def test_four_labels_by_hand(rows_of):
    y = csr_matrix(np.array([[1, 1, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0]], dtype=np.float32))
    graph = RandomWalkGraph(restart=1.0, length=12, method="exact")(y)
    # Label 0 has documents 0 and 2: (1/2, 1/2, 0)/2 + (1/3, 1/3, 1/3)/2 = (5, 5, 2)/12. Rows are targets.
    expected = {0: {0: 5, 1: 5, 2: 2}, 1: {0: 10 / 3, 1: 22 / 3, 2: 4 / 3}, 2: {0: 4, 1: 4, 2: 4}, 3: {3: 1}}
    assert rows_of(graph) == {row: pytest.approx(entries) for row, entries in expected.items()}
    assert graph.edge_index.tolist() == [[0, 1, 2, 0, 1, 2, 0, 1, 2, 3], [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]]
    # With k = 1, of equal counts the lower id stays, and the self loop besides.
    top = RandomWalkGraph(restart=1.0, length=12, k=1, method="exact")(y)
    assert rows_of(top) == {0: {0: 5.0}, 1: {1: pytest.approx(22 / 3)}, 2: {0: 4.0, 2: 4.0}, 3: {3: 1.0}}


def test_rows_hold_the_most_visited(device, make_y, rows_of, top_rows):
    y = make_y()
    graph = RandomWalkGraph(length=60, k=3, seed=5, device=device)(y)
    assert graph.edge_index.device.type == device.type
    assert rows_of(graph) == top_rows(_counts(y, length=60, seed=5), k=3)
    assert max(map(len, rows_of(graph).values())) == 4


def test_far_texts_are_pruned_before_the_top_k(device, make_y, rows_of, top_rows):
    y = make_y()
    embedding = torch.randn(25, 4, generator=torch.Generator().manual_seed(0))
    unit = torch.nn.functional.normalize(embedding, dim=1)
    distance = (1 - unit @ unit.T).numpy()
    kwargs = {"length": 60, "k": 3, "label_embedding": embedding, "prune_max_dist": 0.9, "device": device}
    graph = RandomWalkGraph(**kwargs)(y)
    assert rows_of(graph) == top_rows(_counts(y, length=60), 3, distance, 0.9)
    assert not _same(graph, RandomWalkGraph(length=60, k=3)(y))


@pytest.mark.parametrize("method", ["walk", "exact"])
def test_head_labels_are_isolated_and_no_bridge(rows_of, method):
    # Label 0 is in every document: the only thing that joins 1 and 2, which have two documents each.
    y = csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1], [1, 0, 0]], dtype=np.float32))
    free = rows_of(RandomWalkGraph(method=method, head_threshold=5)(y))
    assert 2 in free[1] and 0 in free[1]
    cut = RandomWalkGraph(method=method, head_threshold=4)(y)
    assert rows_of(cut) == {
        0: {0: 1.0},
        1: {1: pytest.approx(400, rel=1e-3)},
        2: {2: pytest.approx(400, rel=1e-3)},
    }
    assert rows_of(RandomWalkGraph(method=method, head_threshold=None)(y)) == free


def test_graph_depends_on_the_seed_and_not_on_blocks_or_device(device, make_y):
    y = make_y()
    graph = RandomWalkGraph(seed=1)(y)
    for block_size in (1, 7, 100):
        assert _same(RandomWalkGraph(seed=1, block_size=block_size, device=device)(y), graph)
    assert not _same(RandomWalkGraph(seed=2)(y), graph)


def test_long_walks_come_near_the_expectation(make_y, rows_of):
    y = make_y()
    sampled, exact = (
        rows_of(RandomWalkGraph(length=20_000, k=25, method=method)(y)) for method in ("walk", "exact")
    )
    for row in range(24):
        labels = sampled[row].keys() | exact[row].keys()
        gap = sum(abs(sampled[row].get(m, 0) - exact[row].get(m, 0)) for m in labels)
        assert gap / 2 < 0.03 * 20_000


def test_auto_takes_the_cheaper(make_y, monkeypatch):
    y = make_y()
    for cheaper, method in ((True, "exact"), (False, "walk")):
        monkeypatch.setattr(ExpectedWalk, "is_cheaper_than_walks", lambda self, c=cheaper: c)
        assert _same(RandomWalkGraph(method="auto")(y), RandomWalkGraph(method=method)(y))


@pytest.mark.parametrize("method", ["walk", "exact"])
def test_small_and_empty_inputs(method, rows_of):
    build = RandomWalkGraph(length=8, method=method)
    assert rows_of(build(csr_matrix(np.ones((2, 1))))) == {0: {0: pytest.approx(8.0, rel=1e-3)}}
    assert rows_of(build(csr_matrix((3, 2)))) == {0: {0: 1.0}, 1: {1: 1.0}}  # no label has documents
    assert rows_of(build(csr_matrix((0, 2)))) == {0: {0: 1.0}, 1: {1: 1.0}}
    alone = csr_matrix(np.eye(3, dtype=np.float32))  # documents of one label
    assert rows_of(build(alone)) == {label: {label: pytest.approx(8.0, rel=1e-3)} for label in range(3)}


def test_what_is_read_of_the_data(make_y):
    y = make_y()
    graph = RandomWalkGraph()(y)
    assert _same(RandomWalkGraph()(types.SimpleNamespace(train_y=y)), graph)
    zeros = y.copy().tolil()
    zeros[0, 24] = 1.0
    zeros = csr_matrix(zeros) * 3.0  # any value counts as one ...
    zeros.data[zeros.indptr[1] - 1] = 0.0  # ... but a stored zero, here document 0 with label 24
    assert _same(RandomWalkGraph()(csr_array(zeros)), graph)
    assert zeros.nnz == y.nnz + 1  # the input is left alone
    with pytest.raises(ValueError, match="'train_y' or a scipy sparse matrix, got list"):
        RandomWalkGraph()([1])


def test_data_set_gives_a_valid_graph():
    data = tiny_dataset()
    graph = RandomWalkGraph()(data)
    validate_label_graph(graph, num_labels=12)
    source, target = graph.edge_index
    assert torch.equal(source // 3, target // 3)  # documents have labels of one group


@pytest.mark.parametrize(
    "kwargs", [{"restart": -0.1}, {"length": 0}, {"method": "sampled"}, {"block_size": 0}, {"k": -1}]
)
def test_bad_arguments(kwargs, make_y):
    with pytest.raises(ValueError, match="expected"):
        RandomWalkGraph(**kwargs)(make_y())
