from __future__ import annotations

import pytest
import torch

from xcgraph.inference import JoinedEncoder


def test_concatenates(make_ranker, doc_x):
    encoders = [make_ranker(seed).encoder for seed in range(3)]
    joined = JoinedEncoder(encoders)
    out = joined(doc_x)
    assert joined.num_tokens == 9 and out.shape == (7, 15) and not out.requires_grad
    assert torch.equal(out, torch.cat([encoder(doc_x) for encoder in encoders], dim=1))
    assert joined(doc_x.select_rows(torch.empty(0, dtype=torch.long))).shape == (0, 15)


@pytest.mark.parametrize("count", [1, 2, 12])  # by number, not by name: 10 comes after 9
def test_tensors_make_it_again(make_ranker, doc_x, count):
    joined = JoinedEncoder([make_ranker(seed).encoder for seed in range(count)])
    tensors = joined.tensors()
    assert len(tensors) == 4 * count and tuple(tensors["0.tokens"].shape) == (9, 5)
    again = JoinedEncoder.from_tensors(dict(reversed(tensors.items())))
    assert torch.equal(again(doc_x), joined(doc_x))


def test_nothing_to_join():
    for make in (lambda: JoinedEncoder([]), lambda: JoinedEncoder.from_tensors({})):
        with pytest.raises(ValueError, match="expected at least one encoder, got none"):
            make()
