"""What a label looks like to the clustering: the mean of its training documents, smoothed over the label graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from xcgraph.sparse import CSR, segment_topk, spmm

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def sparse_centroids(
    y: Any, x: Any, graph: Any | None = None, max_tokens: int = 1000, block_size: int = 1 << 14
) -> csr_matrix:
    """Label centroids in token space (DECAF, Mittal et al., WSDM 2021; with ``graph``: ECLARE, WWW 2021).

    ``c = Y^T X``, of which each label keeps its largest tokens; with a graph, ``Ĝ c``, truncated again. Rows are
    not normalised: :class:`BalancedKMeans` looks at directions only.

    Args:
        y: relevance, scipy sparse ``[N, L]``.
        x: document features, scipy sparse ``[N, V]``.
        graph: normalised label graph ``[L, L]``: PyG ``Data``, :class:`~xcgraph.sparse.CSR` or what
            one can be made from.
        max_tokens: tokens kept a label; of equal values the lower token id.
        block_size: labels multiplied at a time, which bounds the memory.

    Returns:
        ``[L, V]``, float32, sorted indices. Labels without documents have empty rows.
    """
    transposed = y.T.tocsr()
    centroid = _product(transposed, x.tocsr(), max_tokens, block_size)
    if graph is None:
        return centroid
    return _product(as_csr(graph, centroid.shape[0]).to_scipy(), centroid, max_tokens, block_size)


def dense_centroids(y: Any, x: Tensor, graph: Any | None = None) -> Tensor:
    """Label centroids in embedding space (ECLARE, Mittal et al., WWW 2021).

    ``c = norm(Y^T norm(x))``; with a graph, ``norm(Ĝ c)``. No copy of ``x`` is made.

    Args:
        y: relevance ``[N, L]``: scipy sparse or :class:`~xcgraph.sparse.CSR`.
        x: document embeddings, shape ``[N, D]``, on any device.
        graph: normalised label graph ``[L, L]``, as for :func:`sparse_centroids`.

    Returns:
        Unit rows, shape ``[L, D]``, on the device of ``x``; zero rows for labels without documents.
    """
    label_doc = CSR.from_adj(y).to(x.device).transpose()
    if label_doc.shape[1] != x.size(0):
        raise ValueError(f"expected 'y' with {x.size(0)} documents, as 'x' has, got {label_doc.shape[1]}")
    norm = torch.linalg.vector_norm(x, dim=1)
    scale = torch.where(norm > 0, 1.0 / norm, 0.0)
    value = label_doc.value.to(x.dtype) * scale[label_doc.col]
    return unit_centroids(spmm(label_doc.rowptr, label_doc.col, value, x), graph)


def unit_centroids(total: Tensor, graph: Any | None = None) -> Tensor:
    """``norm(total)``, with a graph ``norm(Ĝ norm(total))``: the end of :func:`dense_centroids`.

    Args:
        total: sums of unit document embeddings, shape ``[L, D]``.
        graph: as for :func:`sparse_centroids`.
    """
    centroid = F.normalize(total, dim=1)
    if graph is None:
        return centroid
    adj = as_csr(graph, centroid.size(0)).to(total.device)
    return F.normalize(spmm(adj.rowptr, adj.col, adj.value, centroid), dim=1)


def project(matrix: Any, dim: int = 256, seed: int = 0, block_size: int = 1 << 15) -> Tensor:
    """Sparse rows as dense ones with nearly the same angles: very sparse random projection (Li et al., KDD 2006).

    Clustering sparse centroids directly would need token-space means of tens of thousands of clusters. Cosines
    are kept with a standard error of about ``1 / sqrt(dim)``.

    Args:
        matrix: scipy sparse ``[L, V]``.
        dim: D.
        seed: of the random projection.
        block_size: rows projected at a time.

    Returns:
        Shape ``[L, dim]``, float32, on the CPU. Up to ``dim`` columns, the rows come back as they are.
    """
    num_rows, num_columns = matrix.shape
    out = torch.zeros(num_rows, min(dim, num_columns))
    if num_columns <= dim:
        projection = None
    else:
        from sklearn.random_projection import SparseRandomProjection

        projection = SparseRandomProjection(dim, dense_output=True, random_state=seed)
        projection.fit(matrix[:1])
    for start in range(0, num_rows, block_size):
        block = matrix[start : start + block_size]
        dense = block.toarray() if projection is None else projection.transform(block)
        out[start : start + block_size] = torch.from_numpy(np.asarray(dense, dtype=np.float32))
    return out


def projected_centroids(
    y: Any,
    x: Any,
    graph: Any | None = None,
    dim: int = 256,
    seed: int = 0,
    max_tokens: int = 1000,
    block_size: int = 1 << 14,
) -> Tensor:
    """:func:`project` of :func:`sparse_centroids`, without ever holding the smoothed rows of all labels.

    Smoothed rows have some hundred tokens each, which is gigabytes for a million labels.

    Returns:
        Shape ``[L, dim]``, float32, on the CPU.
    """
    centroid = sparse_centroids(y, x, None, max_tokens, block_size)
    if graph is None:
        return project(centroid, dim, seed, block_size)
    adj = as_csr(graph, centroid.shape[0]).to_scipy()
    out = torch.empty(centroid.shape[0], min(dim, centroid.shape[1]))
    for start in range(0, out.size(0), block_size):
        block = _largest(adj[start : start + block_size] @ centroid, max_tokens)
        out[start : start + block_size] = project(block, dim, seed, block_size)
    return out


def as_csr(graph: Any, num_labels: int) -> CSR:
    """A label graph in any of the accepted forms as CSR: row = the label, columns = its neighbours."""
    if hasattr(graph, "edge_index"):
        size = int(graph.num_nodes)
        adj = CSR.from_edge_index(graph.edge_index, graph.edge_weight, (size, size))
    else:
        adj = CSR.from_adj(graph)
    if adj.shape != (num_labels, num_labels):
        raise ValueError(f"expected a graph of {num_labels} labels, got shape {adj.shape}")
    return adj


def _product(left: Any, right: Any, keep: int, block_size: int) -> csr_matrix:
    """``left @ right``, with the ``keep`` largest entries of each row."""
    from scipy.sparse import csr_matrix, vstack

    blocks = [_largest(left[s : s + block_size] @ right, keep) for s in range(0, left.shape[0], block_size)]
    if not blocks:
        return csr_matrix((0, right.shape[1]), dtype=np.float32)
    out = csr_matrix(vstack(blocks, format="csr"), dtype=np.float32)
    out.sort_indices()
    return out


def _largest(matrix: csr_matrix, keep: int) -> csr_matrix:
    matrix.sort_indices()
    count = np.diff(matrix.indptr)
    if count.max(initial=0) <= keep:
        return matrix
    row = np.repeat(np.arange(matrix.shape[0]), count)
    long = np.flatnonzero(count[row] > keep)  # rows that are short enough need no sort
    chosen = segment_topk(torch.from_numpy(matrix.data[long]), torch.from_numpy(row[long]), keep, matrix.shape[0])
    dropped = np.ones(long.size, dtype=bool)
    dropped[chosen.numpy()] = False
    kept = np.ones(row.size, dtype=bool)
    kept[long[dropped]] = False
    indptr = np.concatenate([[0], np.cumsum(np.minimum(count, keep))])
    return type(matrix)((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)
