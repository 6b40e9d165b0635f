from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from xcgraph.data.only_columns import only_columns


def test_other_columns_have_no_entries():
    matrix = csr_matrix(np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0]], dtype=np.float32))
    found = only_columns(matrix, np.array([True, False, True]))
    assert found.toarray().tolist() == [[1, 0, 0], [0, 0, 4]] and found.nnz == 2 and found.dtype == np.float32
    assert matrix.nnz == 4  # as it was
    assert only_columns(matrix, np.zeros(3, dtype=bool)).nnz == 0
