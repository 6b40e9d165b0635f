from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import FrozenEncoder, JoinedEncoder


@pytest.mark.parametrize(("dtype", "atol"), [("float32", 1e-5), ("float16", 1e-2), ("int8", 0.2)])
def test_equals_the_encoder(make_ranker, doc_x, dtype, atol):
    encoder = JoinedEncoder([make_ranker(seed).encoder for seed in range(2)])
    expected = encoder(doc_x).numpy()
    first, second = FrozenEncoder.freeze(encoder, dtype)
    rows = doc_x.to_scipy()
    for number in range(doc_x.shape[0]):
        ids, weights = rows[number].indices.astype(np.int32), rows[number].data
        out, buffer = np.empty(10, dtype=np.float32), np.empty(5, dtype=np.float32)
        first.embed(ids, weights, buffer, out[:5])
        second.embed(ids, weights, buffer, out[5:])
        np.testing.assert_allclose(out, expected[number], atol=atol)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_the_block_is_that_which_embeds(make_ranker, dtype):
    """An explanation splits what is scored, and not what was rounded."""
    encoder = make_ranker().encoder
    (frozen,) = FrozenEncoder.freeze(encoder, dtype)
    ids, weights = np.array([0, 2, 3], dtype=np.int32), np.array([0.5, -0.5, 2.0], dtype=np.float32)
    out = np.empty(5, dtype=np.float32)
    frozen.embed(ids, weights, np.empty(5, dtype=np.float32), out)
    v = torch.from_numpy(weights) @ frozen.tokens.select(torch.from_numpy(ids).long())
    gate, weight, bias = frozen.block
    np.testing.assert_allclose(out, (gate * v + weight @ v.relu() + bias).relu(), atol=2e-4)
    assert torch.equal(weight, encoder.weight) == (dtype == "float32")
    assert torch.equal(frozen.tensors()["weight"], encoder.weight)  # on disk as it was trained


def test_tensors(make_ranker):
    (encoder,) = FrozenEncoder.freeze(make_ranker().encoder, "int8")
    again = FrozenEncoder.from_tensors(encoder.tensors())
    ids, weights = np.array([1, 4], dtype=np.int32), np.array([0.5, 0.5], dtype=np.float32)
    out = np.empty((2, 5), dtype=np.float32)
    for row, part in zip(out, (encoder, again), strict=True):
        part.embed(ids, weights, np.empty(5, dtype=np.float32), row)
    assert (out[0] == out[1]).all() and again.dim == 5


def test_shapes(make_ranker):
    (encoder,) = FrozenEncoder.freeze(make_ranker().encoder, "float32")
    with pytest.raises(ValueError, match=r"expected gate \[5\], weight \[5, 5\] and bias \[5\]"):
        FrozenEncoder.from_tensors({**encoder.tensors(), "weight": torch.zeros(5, 4)})
