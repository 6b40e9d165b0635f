from __future__ import annotations

import pytest
import torch

from xcgraph.inference import EncoderModule, JoinedEncoder

_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")


@pytest.fixture(params=[1, 2])
def encoder(request, make_ranker):
    parts = [make_ranker(seed).encoder for seed in range(request.param)]
    return parts[0] if request.param == 1 else JoinedEncoder(parts)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=_CUDA)])
def test_equals_the_encoder(encoder, doc_x, device):
    module = EncoderModule(encoder).to(device)
    x = doc_x.to(device)
    out = module(x.col, x.value, x.rowptr[:-1]).cpu()
    torch.testing.assert_close(out, encoder(doc_x))
    assert not out.requires_grad and list(module.parameters()) == []


@pytest.mark.parametrize("counts", [[], [0], [1], [0, 0], [2, 0], [0, 2]])
def test_empty_documents(encoder, counts):
    n = torch.tensor(counts, dtype=torch.long)
    total = int(n.sum())
    out = EncoderModule(encoder)(torch.arange(total), torch.ones(total), n.cumsum(0) - n)
    assert out.shape == (len(counts), 5 * len(getattr(encoder, "encoders", [0])))
    empty = EncoderModule(encoder)(torch.empty(0).long(), torch.empty(0), torch.zeros(1).long())[0]
    for row, count in zip(out, counts, strict=True):
        assert torch.equal(row, empty) == (count == 0)


def test_tensors_are_shared(make_ranker):
    encoder = make_ranker().encoder
    assert EncoderModule(encoder).tokens_0.data_ptr() == encoder.tokens.data_ptr()
