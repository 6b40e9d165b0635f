from __future__ import annotations

import math

import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.models import DECAF, ECLARE
from xcgraph.sparse import CSR
from xcgraph.training.initialization import log_odds, mean_of_documents

DENSE = torch.tensor([[1.0, 0, 1, 0], [1, 0, 0, 0], [1, 0, 0, 1]])
Y = CSR.from_scipy(csr_matrix(DENSE.numpy()))


def test_log_odds():
    frequency = [(n + 0.5) / 4 for n in (3, 0, 1, 1)]
    expected = [math.log(f / (1 - f)) for f in frequency]
    assert log_odds(Y).tolist() == pytest.approx(expected)


def test_log_odds_are_finite():
    # A label of every document, and labels of none at all.
    assert torch.isfinite(log_odds(Y)).all()
    assert log_odds(CSR.from_scipy(csr_matrix((0, 4), dtype="float32"))).tolist() == [0.0] * 4


@pytest.mark.parametrize("kind", [DECAF, ECLARE])
@pytest.mark.parametrize("block", [1, 2, 100])
def test_mean_of_documents(kind, block):
    model = kind(5, 4, 3, dropout=0.5).train()
    x = CSR.from_scipy(csr_matrix(torch.rand(3, 5).numpy()))
    mean = mean_of_documents(model, x, Y, block)
    assert model.training and model.document_block.training and not mean.requires_grad
    document = model.eval().encode_documents(x).detach()
    for label in range(4):
        rows = [row for row in range(3) if DENSE[row, label]]
        expected = sum((document[row] for row in rows), torch.zeros(3)) / max(1, len(rows))
        torch.testing.assert_close(mean[label], expected)
    assert not mean[1].any() and mean[0].any()


def test_mode_of_evaluation_stays():
    model = DECAF(5, 4, 3).eval()
    mean_of_documents(model, CSR.from_scipy(csr_matrix(torch.rand(3, 5).numpy())), Y)
    assert not model.training
