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
