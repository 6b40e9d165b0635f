from __future__ import annotations

import pytest
import torch

from xcgraph.inference.fold_block import fold_block
from xcgraph.layers import GatedResidualBlock, ResidualBlock


@pytest.mark.parametrize("make", [ResidualBlock, GatedResidualBlock])
@pytest.mark.parametrize("training", [False, True])
def test_equals_the_block(make, training):
    torch.manual_seed(0)
    block = make(6, dropout=0.5)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter)
    block.train(training)
    gate, weight, bias = fold_block(block)
    assert block.training is training
    v = torch.randn(9, 6)
    block.eval()
    assert torch.allclose(block(v), gate * v + v.relu() @ weight.t() + bias, atol=1e-5)
