from __future__ import annotations

import builtins

import numpy as np
import pytest
import torch

from xcgraph.inference import EncoderModule, JoinedEncoder, export_encoder


def needs(format):
    if format == "onnx":
        pytest.importorskip("onnxscript", reason="the extra 'onnx' is not installed")
        pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")


def runner(path, format):
    """What another program does with the file: arrays in, array out."""
    if format == "torch":
        module = torch.export.load(path).module()
        return lambda *inputs: module(*map(torch.from_numpy, inputs)).numpy()
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    assert [each.name for each in session.get_outputs()] == ["documents"]
    return lambda *inputs: session.run(None, dict(zip(("ids", "weights", "offsets"), inputs, strict=True)))[0]


@pytest.mark.parametrize("format", ["onnx", "torch"])
@pytest.mark.parametrize("instances", [1, 3])
def test_the_file_computes_what_the_encoder_does(tmp_path, make_ranker, doc_x, format, instances):
    needs(format)
    parts = [make_ranker(seed).encoder for seed in range(instances)]
    encoder = parts[0] if instances == 1 else JoinedEncoder(parts)
    path = tmp_path / "encoder"
    assert 0 <= export_encoder(encoder, path, format) <= 1e-5
    run = runner(path, format)
    out = run(doc_x.col.numpy(), doc_x.value.numpy(), doc_x.rowptr[:-1].numpy())
    np.testing.assert_allclose(out, encoder(doc_x).numpy(), rtol=1e-5, atol=1e-5)
    # Sizes other than those that it was traced with; a thousand documents of 0 to 3 tokens.
    n = np.arange(1000) % 4
    ids = np.arange(n.sum()) % 9
    for documents in (1000, 1, 0):
        count = n[:documents].sum()
        inputs = ids[:count], np.full(count, 0.5, dtype=np.float32), (n.cumsum() - n)[:documents]
        expected = EncoderModule(encoder)(*map(torch.from_numpy, inputs))
        np.testing.assert_allclose(run(*inputs), expected.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("format", ["onnx", "torch"])
def test_a_file_that_computes_something_else_is_refused(tmp_path, make_ranker, monkeypatch, format):
    needs(format)
    original = EncoderModule.forward

    def wrong(self, ids, weights, offsets):
        return original(self, ids, weights, offsets) + 1e-3

    monkeypatch.setattr(EncoderModule, "forward", wrong)
    with pytest.raises(ValueError, match="expected embeddings within 1e-05 of the encoder's, got a difference of"):
        export_encoder(make_ranker().encoder, tmp_path / "encoder", format)


def test_nan_is_refused(tmp_path, make_ranker):
    encoder = make_ranker().encoder
    encoder.bias[:] = torch.nan
    with pytest.raises(ValueError, match="got a difference of nan"):
        export_encoder(encoder, tmp_path / "encoder", "torch")


def test_mistakes(tmp_path, make_ranker, monkeypatch):
    with pytest.raises(ValueError, match="'format' must be one of"):
        export_encoder(make_ranker().encoder, tmp_path / "encoder", "pickle")
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name == "onnxruntime":
            raise ModuleNotFoundError("No module named 'onnxruntime'", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ImportError, match=r"pip install 'xcgraph\[onnx\]'"):
        export_encoder(make_ranker().encoder, tmp_path / "encoder")
    assert list(tmp_path.iterdir()) == []
