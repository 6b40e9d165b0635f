from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.testing import tiny_dataset, tiny_label_graph


def test_label_graph_is_as_builders_return_it():
    graph = tiny_label_graph(7, 3)
    assert graph.validate() and graph.is_coalesced() is False  # sorted by target, not by source
    assert graph.num_nodes == 7 and graph.edge_index.shape == (2, 28)
    key = graph.edge_index[1] * 7 + graph.edge_index[0]
    assert (key.diff() > 0).all()
    assert (graph.edge_index[0] == graph.edge_index[1]).sum() == 7 and (graph.edge_weight > 0).all()
    assert torch.equal(tiny_label_graph(7, 3).edge_index, graph.edge_index)
    assert not torch.equal(tiny_label_graph(7, 3, seed=1).edge_weight, graph.edge_weight)


def test_dataset():
    data = tiny_dataset()
    assert data.num_labels == 12 and data.train_x.shape == (60, 38) and data.test_y.shape == (20, 12)
    for x in (data.train_x, data.test_x, data.label_x):
        np.testing.assert_allclose(np.sqrt(x.multiply(x).sum(1)), 1.0, rtol=1e-6)
        assert x.dtype == np.float32 and x.has_sorted_indices
    assert set(data.train_y.data) == {1.0}
    assert data.train_y.sum(0).min() >= 1  # every label has a training document
    cooccur = (data.train_y.T @ data.train_y).toarray()
    assert cooccur[0, 1] > 0 and cooccur[0, 3:].sum() == 0  # labels occur with their group only
    row, label = data.test_filter[0]
    assert data.test_y[row, label] == 0
    again = tiny_dataset()
    assert (again.train_x != data.train_x).nnz == 0 and (tiny_dataset(seed=1).train_x != data.train_x).nnz > 0


def test_dataset_of_other_sizes():
    data = tiny_dataset(num_labels=6, num_train=6, num_test=0, group=2)
    assert data.test_x.shape[0] == 0 and data.test_filter.shape == (0, 2)
    with pytest.raises(ValueError, match="multiple of 3"):
        tiny_dataset(num_labels=10)
