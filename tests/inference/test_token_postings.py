from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import TokenPostings, token_postings
from xcgraph.sparse import CSR


@pytest.fixture
def weight():
    g = torch.Generator().manual_seed(3)
    dense = torch.randn(6, 9, generator=g) * (torch.rand(6, 9, generator=g) < 0.6)
    dense[2] = 0
    row, col = dense.nonzero(as_tuple=True)
    return CSR.from_coo(row, col, dense[row, col], (6, 9)), dense.numpy()


IDS, WEIGHTS = np.array([0, 2, 3, 5], dtype=np.int32), np.array([0.5, 2, -1, 0.25], dtype=np.float32)


@pytest.mark.parametrize("min_weight", [0.0, 0.7])
def test_sum(weight, min_weight):
    csr, dense = weight
    postings = TokenPostings.freeze(csr, min_weight)
    dense = np.where(np.abs(dense) >= min_weight, dense, 0)
    out = np.ones(9, dtype=np.float32)
    postings.add(IDS, WEIGHTS, out)
    np.testing.assert_allclose(out, WEIGHTS @ dense[IDS] + 1, atol=1e-6)
    if min_weight:
        assert postings.tensors()["value"].numel() < csr.nnz


@pytest.mark.parametrize(("dtype", "rows", "atol"), [("float32", 2, 1e-5), ("float16", 4, 0.02), ("int8", 5, 0.1)])
def test_rows_of_frequent_tokens(dtype, rows, atol):
    """As many as are no larger than the tokens' lists, of 8 bytes an entry."""
    g = torch.Generator().manual_seed(3)
    dense = torch.randn(7, 400, generator=g)
    for token, count in enumerate((400, 0, 199, 100, 51, 200, 49)):
        dense[token, torch.randperm(400, generator=g)[count:]] = 0
    row, col = dense.nonzero(as_tuple=True)
    postings = TokenPostings.freeze(CSR.from_coo(row, col, dense[row, col], (7, 400)), 0.0, dtype)
    place, shape = postings.arrays()[3], postings.arrays()[4].shape
    assert shape == (rows, 400) and (place >= 0).sum() == rows and place[0] == 0 and place[1] == place[6] == -1
    weights = torch.randn(7, generator=g).numpy()
    out = np.ones(400, dtype=np.float32)
    postings.add(np.arange(7, dtype=np.int32), weights, out)
    np.testing.assert_allclose(out, weights @ dense.numpy() + 1, atol=atol)
    assert postings.tensors()["value"].numel() == 999  # the lists are there too: what is kept on disk


@pytest.mark.parametrize("longest", [0, 4, 5, 100])
def test_in_two_steps(weight, monkeypatch, longest):
    monkeypatch.setattr(token_postings, "LONGEST", longest)
    csr, dense = weight
    postings = TokenPostings.freeze(csr, 0)
    out, touched = np.zeros(9, dtype=np.float32), np.empty(9, dtype=np.int32)
    count = postings.add_some(IDS, WEIGHTS, out, touched)
    short = (dense != 0).sum(axis=1) <= longest
    np.testing.assert_allclose(out, (WEIGHTS * short[IDS]) @ dense[IDS], atol=1e-6)
    assert set(np.flatnonzero(out)) <= set(touched[:count].tolist())
    labels = np.array([8, 0, 3, 4, 1], dtype=np.int32)  # in any order
    rest = np.zeros(5, dtype=np.float32)
    postings.add_rest(IDS, WEIGHTS, labels, rest)
    np.testing.assert_allclose(out[labels] + rest, (WEIGHTS @ dense[IDS])[labels], atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"col": torch.tensor([0, 9, 1], dtype=torch.int32)},
        {"col": torch.tensor([0, -1, 1], dtype=torch.int32)},
        {"rowptr": torch.tensor([0, 2, 4])},
        {"rowptr": torch.tensor([0, 3, 2, 3])},
        {"rowptr": torch.tensor([1, 2, 3])},
        {"value": torch.ones(2)},
        {"rowptr": torch.empty(0, dtype=torch.long)},
    ],
)
def test_places_that_do_not_exist(change):
    good = {
        "rowptr": torch.tensor([0, 2, 3]),
        "col": torch.tensor([0, 8, 1], dtype=torch.int32),
        "value": torch.ones(3),
    }
    TokenPostings(**good, num_labels=9)
    with pytest.raises(ValueError, match="expected a sparse matrix of 9 columns by rows"):
        TokenPostings(**{**good, **change}, num_labels=9)


def test_weights_of_one_label(weight):
    rows, dense = weight
    postings = TokenPostings.freeze(rows, 0.0)
    ids = np.array([0, 2, 3, 5], dtype=np.int32)
    for label in range(9):
        assert postings.weights_of(ids, label) == pytest.approx(dense[ids, label])
    assert postings.weights_of(ids[:0], 3).shape == (0,)
    assert abs(postings.to_scipy().toarray() - dense).max() == 0
