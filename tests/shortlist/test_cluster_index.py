from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.shortlist import ClusterIndex
from xcgraph.sparse import CSR


@pytest.fixture
def clusters():
    return ClusterIndex(torch.tensor([2, 0, 2, 0, 1]))


def membership(clusters):
    out = np.zeros((clusters.num_clusters, clusters.num_labels), dtype=np.float32)
    out[clusters.assignment.numpy(), np.arange(clusters.num_labels)] = 1
    return out


def test_table(clusters):
    assert clusters.members.tolist() == [[1, 3], [4, -1], [0, 2]]
    assert (clusters.num_labels, clusters.num_clusters, clusters.max_cluster_size) == (5, 3, 2)
    assert ClusterIndex(torch.tensor([1, 1]), 3).members.tolist() == [[-1, -1], [0, 1], [-1, -1]]
    assert ClusterIndex(torch.tensor([], dtype=torch.long)).members.shape == (0, 0)


def test_expand(clusters):
    index, score = clusters.expand(torch.tensor([[1, 0], [2, -1]]), torch.tensor([[0.9, 0.5], [0.7, 0.6]]))
    assert index.tolist() == [[4, -1, 1, 3], [0, 2, -1, -1]]
    inf = float("inf")
    assert torch.equal(score, torch.tensor([[0.9, -inf, 0.5, 0.5], [0.7, 0.7, -inf, -inf]]))


def test_expand_names_the_labels_of_the_given_clusters_once():
    generator = torch.Generator().manual_seed(0)
    assignment = torch.randint(20, (100,), generator=generator)
    clusters = ClusterIndex(assignment, 20)
    beam = torch.stack([torch.randperm(20, generator=generator)[:4] for _ in range(8)])
    index, _ = clusters.expand(beam, torch.rand(8, 4))
    for row, labels in zip(beam.tolist(), index.tolist(), strict=True):
        labels = [label for label in labels if label >= 0]
        assert sorted(labels) == [m for m in range(100) if assignment[m] in row]


@pytest.mark.parametrize("wrap", [CSR.from_scipy, lambda m: m])
def test_meta_targets(clusters, wrap):
    y = csr_matrix((np.array([1, 1, 1, 0], np.float32), ([0, 0, 2, 2], [1, 3, 0, 4])), shape=(3, 5))
    got = clusters.meta_targets(wrap(y)).to_scipy()
    expected = (y.toarray() @ membership(clusters).T > 0).astype(np.float32)
    assert got.toarray().tolist() == expected.tolist() and got.nnz == 2
    assert clusters.meta_targets(wrap(csr_matrix((2, 5), dtype=np.float32))).nnz == 0


def test_meta_text(clusters):
    z = np.random.default_rng(0).random((5, 6)).astype(np.float32)
    z[4] = 0
    expected = membership(clusters) @ z
    expected /= np.maximum(np.linalg.norm(expected, axis=1, keepdims=True), 1e-30)
    assert clusters.meta_text(csr_matrix(z)).to_scipy().toarray() == pytest.approx(expected, abs=1e-6)
    assert not expected[1].any()


def test_bad_arguments_are_refused(clusters):
    with pytest.raises(ValueError, match="0 to 1, got 0 to 2"):
        ClusterIndex(torch.tensor([0, 2]), 2)
    with pytest.raises(ValueError, match="integer"):
        ClusterIndex(torch.tensor([0.0]))
    with pytest.raises(ValueError, match="expected 5 labels, got 4"):
        clusters.meta_targets(csr_matrix((2, 4)))
