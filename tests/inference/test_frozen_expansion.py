from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import FrozenExpansion
from xcgraph.inference.frozen_expansion import best_labels
from xcgraph.layers import GAME
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_label_graph


@pytest.mark.parametrize("mix", [0.3, 1.0])
@pytest.mark.parametrize("k", [1, 5, 30])
def test_equals_the_layer(mix, k):
    graph = tiny_label_graph(40, 3, 0)
    csr = CSR.from_edge_index(graph.edge_index, graph.edge_weight, (40, 40))
    frozen = FrozenExpansion(csr.rowptr, csr.col, csr.value, mix)
    total, touched = np.zeros(40, dtype=np.float32), np.empty(40, dtype=np.int32)
    g = torch.Generator().manual_seed(1)
    for _ in range(20):
        index = torch.randperm(40, generator=g)[:8]
        score = torch.rand(8, generator=g).sort(descending=True).values
        want_index, want = GAME(mix, k)(index.unsqueeze(0), score.unsqueeze(0), csr)
        labels, got = frozen(index.int().numpy(), score.numpy(), k, total, touched)
        real = want_index[0] >= 0
        assert labels.tolist() == want_index[0][real].tolist()
        np.testing.assert_allclose(got, want[0][real].numpy(), rtol=1e-5)
        assert not total.any()  # ready for the next document


def test_places_that_do_not_exist():
    with pytest.raises(ValueError, match="expected a sparse matrix of 2 columns"):
        FrozenExpansion(torch.tensor([0, 1, 2]), torch.tensor([0, 2]), torch.ones(2), 0.5)


@pytest.mark.parametrize("k", [1, 3, 10, 600])
def test_best_labels(k):
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels = rng.permutation(1000)[:700].astype(np.int32)
        score = rng.integers(0, 30, 700).astype(np.float32)  # many ties
        order = np.lexsort((labels, -score))[:k]
        got, value = best_labels(labels, score, k)
        assert got.tolist() == labels[order].tolist() and value.tolist() == score[order].tolist()


def test_best_of_repeated_labels():
    labels, score = np.array([3, 1, 3, 1, 2], dtype=np.int32), np.array([5, 7, 5, 7, 5], dtype=np.float32)
    assert best_labels(labels, score, 4)[0].tolist() == [1, 2, 3]
