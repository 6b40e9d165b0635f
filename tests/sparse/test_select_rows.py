from __future__ import annotations

import torch
from scipy.sparse import random as random_sparse

from xcgraph.sparse import CSR, select_rows


def test_sparse_and_dense_rows_are_the_same(device):
    matrix = random_sparse(5, 4, density=0.5, format="csr", dtype="float32", random_state=0)
    sparse, dense = CSR.from_scipy(matrix).to(device), torch.from_numpy(matrix.toarray()).to(device)
    index = torch.tensor([3, 0, 3], device=device)
    rows = select_rows(sparse, index)
    assert isinstance(rows, CSR)
    torch.testing.assert_close(rows.to_torch().to_dense(), select_rows(dense, index))
    assert select_rows(dense, index[:0]).shape == (0, 4)
