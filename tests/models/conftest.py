"""Small models whose every parameter matters."""

from __future__ import annotations

import pytest
import torch

from xcgraph.layers import SpectralLinear
from xcgraph.sparse import CSR

NUM_TOKENS, NUM_LABELS, DIM = 9, 7, 4


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def texts(rows: int) -> CSR:
    dense = torch.rand(rows, NUM_TOKENS) * (torch.rand(rows, NUM_TOKENS) < 0.4)
    dense[1] = 0.0  # a text without tokens
    return CSR.from_scipy(to_scipy(dense))


def to_scipy(dense):
    from scipy.sparse import csr_matrix

    return csr_matrix(dense.numpy())


@pytest.fixture
def doc_x() -> CSR:
    return texts(5)


@pytest.fixture
def label_x() -> CSR:
    return texts(NUM_LABELS)


@pytest.fixture
def randomize():
    """Draws every parameter, and makes spectral norms exact; leaves the model in evaluation mode."""

    def run(model: torch.nn.Module) -> torch.nn.Module:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(std=0.5)
            for module in model.modules():
                if isinstance(module, SpectralLinear):
                    weight = module.linear.parametrizations.weight
                    u, _, v = torch.linalg.svd(weight.original)
                    weight[0]._u.copy_(u[:, 0])
                    weight[0]._v.copy_(v[0])
        return model.eval()

    return run
