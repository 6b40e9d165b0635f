import pytest
import torch
from torch_geometric.data import Data

import xcgraph.transforms.prune_by_text as module
from xcgraph.transforms import PruneByText

# Cosines to label 0: 1, 0.6, 0, -1, and 0 for the label without text.
EMBEDDING = torch.tensor([[2.0, 0], [0.3, 0.4], [0, 1], [-5, 0], [0, 0]])


def _star(device="cpu"):
    """Edges from every label to label 0, and the self loop of label 4."""
    index = torch.tensor([[0, 1, 2, 3, 4, 4], [0, 0, 0, 0, 0, 4]], device=device)
    return Data(edge_index=index, edge_weight=torch.arange(1.0, 7.0, device=device), num_nodes=5)


@pytest.mark.parametrize(
    ("max_dist", "kept"),
    [(2.0, [1, 2, 3, 4, 5, 6]), (1.0, [1, 2, 3, 5, 6]), (0.5, [1, 2, 6]), (0.0, [1, 6])],
)
def test_distance_is_one_minus_cosine_and_self_loops_stay(device, max_dist, kept):
    assert PruneByText(EMBEDDING, max_dist)(_star(device)).edge_weight.tolist() == kept


def test_chunks_do_not_change_the_outcome(monkeypatch):
    expected = PruneByText(EMBEDDING)(_star()).edge_index
    monkeypatch.setattr(module, "_CHUNK_ELEMENTS", 4)  # two edges at a time
    assert torch.equal(PruneByText(EMBEDDING)(_star()).edge_index, expected)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"shape \[L, D\]"):
        PruneByText(torch.ones(3))
    with pytest.raises(ValueError, match="between 0 and 2"):
        PruneByText(EMBEDDING, 2.5)
    with pytest.raises(ValueError, match="of 5 labels, got 4"):
        PruneByText(EMBEDDING[:4])(_star())
