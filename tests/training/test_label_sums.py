from __future__ import annotations

import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.sparse import CSR
from xcgraph.training.label_sums import label_sums


@pytest.mark.parametrize("block", [1, 4, 100])
def test_against_a_dense_product(block):
    x, y = torch.rand(9, 5), (torch.rand(9, 6) < 0.4).float()
    y[:, 2] = 0
    table = torch.randn(5, 3)
    doc_x, relevant = (CSR.from_scipy(csr_matrix(matrix.numpy())) for matrix in (x, y))
    got = label_sums(lambda rows: rows.matmul(table), doc_x, relevant, block)
    torch.testing.assert_close(got, y.T @ (x @ table))
    assert not got[2].any()
