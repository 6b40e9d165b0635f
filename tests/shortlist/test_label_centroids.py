from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix, random_array
from torch_geometric.data import Data

from xcgraph.shortlist import dense_centroids, project, projected_centroids, sparse_centroids
from xcgraph.sparse import CSR


def unit(x):
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norm, out=np.zeros_like(x), where=norm > 0)


def problem(seed=0, num_docs=30, num_labels=11, num_tokens=17):
    rng = np.random.default_rng(seed)
    relevant = rng.random((num_docs, num_labels)) < 0.2
    relevant[:, 4] = False
    y = csr_matrix(relevant.astype(np.float32))
    x = csr_matrix(random_array((num_docs, num_tokens), density=0.3, rng=rng, dtype=np.float64).astype(np.float32))
    graph = csr_matrix(random_array((num_labels, num_labels), density=0.3, rng=rng).astype(np.float32))
    return y, x, graph


def largest(matrix, k):
    out = np.zeros_like(matrix)
    for i, row in enumerate(matrix):
        kept = sorted((j for j in range(len(row)) if row[j]), key=lambda j: (-row[j], j))[:k]
        out[i, kept] = row[kept]
    return out


@pytest.mark.parametrize("max_tokens", [3, 1000])
@pytest.mark.parametrize("block_size", [4, 1 << 14])
def test_sparse_centroids(max_tokens, block_size):
    y, x, graph = problem()
    expected = largest((y.T @ x).toarray(), max_tokens)
    got = sparse_centroids(y, x, max_tokens=max_tokens, block_size=block_size)
    assert got.toarray() == pytest.approx(expected, abs=1e-6)
    assert got.dtype == np.float32 and got.has_sorted_indices and np.diff(got.indptr).max() <= max_tokens
    assert got[4].nnz == 0

    expected = largest(graph.toarray() @ expected, max_tokens)
    got = sparse_centroids(y, x, graph, max_tokens=max_tokens, block_size=block_size)
    assert got.toarray() == pytest.approx(expected, abs=1e-6)


def test_dense_centroids():
    y, _, graph = problem()
    x = np.random.default_rng(1).normal(size=(30, 5))
    x[2] = 0.0
    expected = unit(y.toarray().T @ unit(x))
    assert dense_centroids(y, torch.from_numpy(x)).numpy() == pytest.approx(expected, abs=1e-6)
    assert not dense_centroids(y, torch.from_numpy(x))[4].any()
    smooth = dense_centroids(CSR.from_scipy(y), torch.from_numpy(x), graph)
    assert smooth.numpy() == pytest.approx(unit(graph.toarray() @ expected), abs=1e-6)


def test_a_pyg_graph_is_read_as_target_row_source_column():
    y, x, _ = problem()
    # one edge: label 1 (source) is the neighbour of label 0 (target)
    data = Data(edge_index=torch.tensor([[1], [0]]), edge_weight=torch.tensor([0.5]), num_nodes=11)
    plain, smooth = sparse_centroids(y, x).toarray(), sparse_centroids(y, x, data).toarray()
    assert smooth[0] == pytest.approx(0.5 * plain[1]) and not smooth[1:].any() and plain[1].any()
    dense = dense_centroids(y, torch.from_numpy(x.toarray()), data)
    assert torch.allclose(dense[0], dense_centroids(y, torch.from_numpy(x.toarray()))[1])


def test_projection_keeps_angles():
    rng = np.random.default_rng(0)
    base = rng.random((3, 4000)) * (rng.random((3, 4000)) < 0.02)
    rows = np.concatenate([base, base + 0.1 * base[::-1]])
    got = project(csr_matrix(rows), dim=512, seed=0, block_size=4)
    assert got.shape == (6, 512) and got.dtype == torch.float32
    cosine = unit(got.numpy()) @ unit(got.numpy()).T
    assert np.abs(cosine - unit(rows) @ unit(rows).T).max() < 0.2
    assert torch.equal(got, project(csr_matrix(rows), dim=512, seed=0))
    assert not torch.equal(got, project(csr_matrix(rows), dim=512, seed=1))


def test_few_tokens_are_not_projected():
    y, x, _ = problem()
    centroid = sparse_centroids(y, x)
    assert project(centroid, dim=64).numpy() == pytest.approx(centroid.toarray())


@pytest.mark.parametrize("dim", [8, 64])
@pytest.mark.parametrize("block_size", [3, 1 << 14])
def test_projected_in_blocks(dim, block_size):
    y, x, graph = problem()
    for given in (None, graph):
        whole = project(sparse_centroids(y, x, given, max_tokens=5), dim, seed=2)
        blocks = projected_centroids(y, x, given, dim, seed=2, max_tokens=5, block_size=block_size)
        torch.testing.assert_close(blocks, whole)


def test_shapes_must_agree():
    y, x, _ = problem()
    with pytest.raises(ValueError, match="graph of 11 labels"):
        sparse_centroids(y, x, csr_matrix((3, 3)))
    with pytest.raises(ValueError, match="7 documents"):
        dense_centroids(y, torch.ones(7, 2))
