import torch

import xcgraph.graph.text_cosine as module
from xcgraph.graph.text_cosine import text_cosine
from xcgraph.testing import tiny_dataset


def test_against_dense(monkeypatch):
    x = tiny_dataset().label_x
    first, second = torch.randint(12, (2, 50), generator=torch.Generator().manual_seed(0))
    dense = torch.from_numpy(x.toarray())
    expected = (dense[first] * dense[second]).sum(1)
    torch.testing.assert_close(text_cosine(x, first, second), expected)
    monkeypatch.setattr(module, "_CHUNK_PAIRS", 7)
    torch.testing.assert_close(text_cosine(x, first, second), expected)
    assert text_cosine(x, first[:0], second[:0]).shape == (0,)
