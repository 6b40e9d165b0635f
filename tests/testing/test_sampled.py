from __future__ import annotations

import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.sampler import SamplerOutput

from xcgraph.testing import assert_is_sample

DATA = Data(edge_index=torch.tensor([[1, 2, 0], [0, 0, 2]]), num_nodes=3)
RIGHT = {"node": [0, 2, 1], "row": [2, 1, 0], "col": [0, 0, 1], "edge": [0, 1, 2]}
SIZES = {"num_sampled_nodes": [1, 2, 0], "num_sampled_edges": [2, 1]}


def output(**changes) -> SamplerOutput:
    tensors = {name: torch.tensor(value) for name, value in {**RIGHT, **changes}.items()}
    return SamplerOutput(**tensors, **SIZES)


def test_accepts_a_sample():
    assert_is_sample(DATA, [0], [2, 2], output())


@pytest.mark.parametrize(
    "changes",
    [
        {"edge": [1, 0, 2]},  # ids of other edges
        {"row": [1, 1, 0], "edge": [1, 1, 2]},  # an edge twice
        {"node": [2, 0, 1]},  # the seed is not first
        {"row": [0, 2, 1], "col": [1, 0, 0], "edge": [2, 0, 1]},  # hops are mixed
        {"row": [2, 0], "col": [0, 1], "edge": [0, 2]},  # an edge is missing
    ],
)
def test_refuses_others(changes):
    with pytest.raises(AssertionError):
        assert_is_sample(DATA, [0], [2, 2], output(**changes))
