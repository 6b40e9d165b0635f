from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.data import drop_unseen_tokens

X = csr_matrix(np.array([[3.0, 4.0, 0.0, 0.0], [0.0, 0.6, 0.0, 0.8], [0.0, 0.0, 0.0, 2.0]], dtype=np.float32))
DOCUMENTS = csr_matrix(np.array([[1.0, 0.0, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0]], dtype=np.float32))
LABELS = csr_matrix(np.array([[0.0, 2.0, 1.0, 0.0]], dtype=np.float32))


def test_tokens_of_none_are_dropped_and_rows_stay_as_long():
    got = drop_unseen_tokens(X, DOCUMENTS, LABELS)
    np.testing.assert_allclose(got.toarray(), [[3, 4, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]], rtol=1e-6)
    assert got.dtype == np.float32 and got.nnz == 3  # no zeros are stored
    np.testing.assert_allclose(drop_unseen_tokens(X, DOCUMENTS).toarray(), [[5, 0, 0, 0], [0] * 4, [0] * 4])


def test_what_was_given_stays_as_it_is():
    before = X.copy()
    same = drop_unseen_tokens(X, csr_matrix(np.ones((1, 4), dtype=np.float32)))
    assert (same != X).nnz == 0 and same is not X
    same.data[:] = 9.0
    drop_unseen_tokens(X, DOCUMENTS)
    assert (before != X).nnz == 0 and before.nnz == X.nnz


def test_no_documents():
    assert drop_unseen_tokens(X[:0], DOCUMENTS).shape == (0, 4)
    assert drop_unseen_tokens(X, DOCUMENTS[:0]).nnz == 0


def test_another_vocabulary():
    with pytest.raises(ValueError, match="expected features of 4 tokens, as 'x' has, got 3"):
        drop_unseen_tokens(X, DOCUMENTS, LABELS[:, :3])
