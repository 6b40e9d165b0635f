import numpy as np
import torch
from scipy.sparse import csr_matrix

import xcgraph.graph.cooccurrence as module
from xcgraph.graph import CooccurrenceGraph


def test_against_the_dense_product(make_y, rows_of, top_rows, monkeypatch):
    y = make_y()
    count = (y.T @ y).toarray()
    graph = CooccurrenceGraph(k=4)(y)
    assert rows_of(graph) == top_rows(count, k=4)
    monkeypatch.setattr(module, "_BLOCK_ENTRIES", 50)
    assert torch.equal(CooccurrenceGraph(k=4)(y).edge_index, graph.edge_index)


def test_head_labels_are_isolated(make_y, rows_of, top_rows):
    y = make_y()
    dense = y.toarray()
    dense[:, dense.sum(0) > 10] = 0
    assert 0 < (dense.sum(0) == 0).sum() < 25
    assert rows_of(CooccurrenceGraph(head_threshold=10)(y)) == top_rows(dense.T @ dense, k=10)


def test_empty_and_single(rows_of):
    assert rows_of(CooccurrenceGraph()(csr_matrix((2, 2)))) == {0: {0: 1.0}, 1: {1: 1.0}}
    assert rows_of(CooccurrenceGraph()(csr_matrix(np.ones((3, 1))))) == {0: {0: 3.0}}
