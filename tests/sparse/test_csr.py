from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch
from torch_geometric import EdgeIndex
from torch_geometric.data import Data

from xcgraph.sparse import CSR
from xcgraph.typing import torch_sparse_support


def random_csr(rows: int = 5, cols: int = 4, seed: int = 0) -> tuple[CSR, torch.Tensor]:
    matrix = scipy.sparse.random(rows, cols, density=0.4, random_state=seed, format="csr", dtype=np.float32)
    return CSR.from_scipy(matrix), torch.from_numpy(matrix.toarray())


def test_scipy_round_trip():
    csr, dense = random_csr()
    assert torch.equal(torch.from_numpy(csr.to_scipy().toarray()), dense)
    assert csr.nnz == int((dense != 0).sum())
    assert csr.value.dtype == torch.float32 and csr.col.dtype == torch.int64


def test_from_coo_sorts_and_keeps_duplicates():
    row, col = torch.tensor([2, 0, 2, 2]), torch.tensor([1, 0, 0, 1])
    csr = CSR.from_coo(row, col, torch.tensor([1.0, 2.0, 3.0, 4.0]), (4, 2))
    assert csr.rowptr.tolist() == [0, 1, 1, 4, 4]
    assert csr.col.tolist() == [0, 0, 1, 1]
    assert csr.value.tolist() == [2.0, 3.0, 1.0, 4.0]
    assert csr.row().tolist() == [0, 2, 2, 2]
    assert csr.row_counts().tolist() == [1, 0, 3, 0]


@pytest.mark.parametrize("least", [-1.0, 0.0, 0.4, 9.0])
def test_without_small(device, least):
    csr, dense = random_csr()
    csr = CSR(csr.rowptr.to(device), csr.col.to(device), csr.value.to(device), csr.shape)
    kept = csr.without_small(least)
    expected = torch.where(dense.abs() >= least, dense, 0.0)
    assert torch.equal(torch.from_numpy(kept.to_scipy().toarray()), expected)
    assert kept.nnz == int((expected != 0).sum()) and (kept is csr) == (least <= 0)


def test_from_adj_reads_every_layout(device):
    csr, dense = random_csr()
    dense = dense.to(device)
    for sparse in (dense.to_sparse_csr(), dense.to_sparse_coo(), dense.to_sparse_csc(), csr, csr.to_scipy()):
        assert torch.equal(CSR.from_adj(sparse).to_torch().to_dense().to(device), dense)


def test_from_adj_refuses_what_is_not_sparse():
    with pytest.raises(TypeError, match="got Tensor"):
        CSR.from_adj(torch.tensor([[0, 1], [1, 0]]))  # an edge_index, not a matrix
    with pytest.raises(TypeError, match="got str"):
        CSR.from_adj("matrix")


@pytest.mark.skipif(torch_sparse_support() == "none", reason="torch-sparse is optional; `make sparse` installs it")
def test_from_adj_reads_sparse_tensor():
    from torch_sparse import SparseTensor

    csr, dense = random_csr()
    assert torch.equal(CSR.from_adj(SparseTensor.from_dense(dense)).to_torch().to_dense(), dense)
    unweighted = CSR.from_adj(SparseTensor.from_dense(dense).set_value(None))
    assert torch.equal(unweighted.to_torch().to_dense(), (dense != 0).float())
    assert csr.shape == unweighted.shape


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_from_edge_index_has_targets_as_rows(order, device):
    edge_index = torch.tensor([[4, 0, 2, 2], [0, 0, 1, 2]], device=device)[:, order]
    weight = torch.tensor([1.0, 2.0, 3.0, 4.0], device=device)[order]
    expected = torch.zeros(3, 5, device=device)
    expected[0, 4], expected[0, 0], expected[1, 2], expected[2, 2] = 1.0, 2.0, 3.0, 4.0
    for edges in (edge_index, EdgeIndex(edge_index, sparse_size=(5, 3))):
        csr = CSR.from_edge_index(edges, weight, (3, 5))
        assert csr.shape == (3, 5) and csr.rowptr.tolist() == [0, 2, 3, 4]
        assert torch.equal(csr.matmul(torch.eye(5, device=device)), expected)
    pattern = CSR.from_edge_index(edge_index, None, (3, 5)).matmul(torch.eye(5, device=device))
    assert torch.equal(pattern, (expected > 0).float())


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([[0, 1], [0, 3]], "target 3 of 3"),
        ([[0, 5], [0, 1]], "source 5 of 5"),
        ([[-1, 1], [0, 1]], "source -1 of 5"),
    ],
)
def test_from_edge_index_names_nodes_out_of_range(edges, message):
    with pytest.raises(ValueError, match=message):
        CSR.from_edge_index(torch.tensor(edges), None, (3, 5))


def test_from_edge_index_checks_shapes():
    with pytest.raises(ValueError, match=r"shape \[2, E\], got \[3, 2\]"):
        CSR.from_edge_index(torch.zeros(3, 2, dtype=torch.long), None, (3, 3))
    with pytest.raises(ValueError, match=r"shape \[E\], got \[2, 1\]"):
        CSR.from_edge_index(torch.zeros(2, 2, dtype=torch.long), torch.ones(2, 1), (3, 3))


def test_constructor_checks_lengths():
    with pytest.raises(ValueError, match="'rowptr' must have 3 entries"):
        CSR(torch.tensor([0, 1]), torch.tensor([0]), torch.ones(1), (2, 2))
    with pytest.raises(ValueError, match="equal lengths, got 1 and 2"):
        CSR(torch.tensor([0, 1, 1]), torch.tensor([0]), torch.ones(2), (2, 2))


def test_select_rows_in_any_order_with_repeats(device):
    csr, dense = random_csr()
    index = torch.tensor([3, 0, 3, 4], device=device)
    picked = csr.to(device).select_rows(index)
    assert picked.shape == (4, 4) and picked.device.type == device.type
    assert torch.equal(picked.to_torch().to_dense().cpu(), dense[index.cpu()])
    assert csr.to(device).select_rows(index[:0]).shape == (0, 4)


def test_transpose_and_matmul_equal_dense(device):
    csr, dense = random_csr()
    x, v = torch.randn(4, 3), torch.randn(4)
    torch.testing.assert_close(csr.to(device).matmul(x.to(device)).cpu(), dense @ x)
    torch.testing.assert_close(csr.to(device).matmul(v.to(device)).cpu(), dense @ v)
    torch.testing.assert_close(csr.transpose().to_torch().to_dense(), dense.t())
    with pytest.raises(ValueError, match="must have 4 rows, got 5"):
        csr.matmul(torch.randn(5, 3))


def test_equality_is_identity_and_repr_is_short():
    csr, _ = random_csr()
    other, _ = random_csr()
    assert csr == csr and csr != other and len({csr, other}) == 2
    assert repr(csr) == f"CSR(shape=(5, 4), nnz={csr.nnz}, device=cpu)"


def test_moves_along_with_a_pyg_graph():
    csr = CSR(torch.tensor([0, 1]), torch.tensor([2]), torch.ones(1), (1, 3))
    moved = Data(x=csr).to("meta", non_blocking=True).x
    assert moved.device.type == moved.rowptr.device.type == "meta" and moved.shape == (1, 3)
