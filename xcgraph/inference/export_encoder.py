"""The document encoder as a file that other programs run."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor

from xcgraph.sparse import CSR

from .document_encoder import DocumentEncoder
from .encoder_module import EncoderModule
from .joined_encoder import JoinedEncoder

ExportFormat = Literal["onnx", "torch"]

INPUTS = ("ids", "weights", "offsets")
# Not "embedding": the exporter names a node so.
OUTPUT = "documents"
#: Largest difference from the encoder that is accepted, of the largest value of an embedding (at least of 1).
TOLERANCE = 1e-5
_INSTALL = "exporting to ONNX needs onnx, onnxscript and onnxruntime: pip install 'xcgraph[onnx]'"
# Tokens of the documents that a file is compared on, and of those that it is traced with (the last).
_SAMPLES = ((0,), (1,), (7, 0, 1, 30, 2, 0), (0, 0, 12), (3, 0, 5, 1))


def export_encoder(
    encoder: DocumentEncoder | JoinedEncoder, path: str | os.PathLike[str], format: ExportFormat = "onnx"
) -> float:
    """Writes an encoder as an ONNX model or a ``torch.export`` program, and compares what the file computes.

    Inputs are ``ids`` (int64 ``[E]``), ``weights`` (float32 ``[E]``) and ``offsets`` (int64 ``[N]``, where each
    document starts), the output is ``documents`` (float32 ``[N, D]``); any N and E, 0 too.

    Args:
        encoder: of a trained model.
        path: the file. Tensors of an ONNX model of 2 GB or more go to a second one beside it, ``PATH.data``.
        format: ``"onnx"``, or ``"torch"`` for ``torch.export.load``.

    Returns:
        The largest difference from ``encoder`` on random documents, in units of the largest value.

    Raises:
        ImportError: if the packages of the format are missing.
        ValueError: if the file's embeddings differ from the encoder's by more than 1e-5 of the largest value.
    """
    if format not in get_args(ExportFormat):
        raise ValueError(f"'format' must be one of {get_args(ExportFormat)}, got {format!r}")
    if format == "onnx":
        _require_onnx()
    path = Path(path)
    generator = torch.Generator().manual_seed(0)
    samples = [_documents(counts, encoder.num_tokens, generator) for counts in _SAMPLES]
    module = EncoderModule(encoder).cpu().eval()
    dynamic = {name: {0: torch.export.Dim.DYNAMIC} for name in INPUTS}
    with _quiet():
        program = torch.export.export(module, samples[-1], dynamic_shapes=dynamic)
        if format == "onnx":
            exported = torch.onnx.export(
                program, input_names=INPUTS, output_names=[OUTPUT], dynamo=True, verbose=False
            )
            assert exported is not None
            exported.save(path)
        else:
            torch.export.save(program, path)
        run = _onnx_runner(path) if format == "onnx" else torch.export.load(path).module()
        largest = max(_difference(encoder, run, sample) for sample in samples)
    if not largest <= TOLERANCE:
        raise ValueError(
            f"{path.name}: expected embeddings within {TOLERANCE:g} of the encoder's, got a difference of "
            f"{largest:.2g}"
        )
    return largest


def _documents(counts: tuple[int, ...], num_tokens: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Random documents of so many tokens each, of norm up to 1, as inputs of :class:`EncoderModule`."""
    n = torch.tensor(counts)
    ids = torch.randint(0, num_tokens, (int(n.sum()),), generator=generator)
    norm = n.repeat_interleave(n).sqrt()
    return ids, torch.rand(len(ids), generator=generator) / norm, n.cumsum(0) - n


def _difference(
    encoder: DocumentEncoder | JoinedEncoder, run: Callable[..., Tensor], sample: tuple[Tensor, ...]
) -> float:
    ids, weights, offsets = sample
    rowptr = torch.cat([offsets, torch.tensor([len(ids)])])
    x = CSR(rowptr, ids, weights, (len(offsets), encoder.num_tokens))
    device = next(iter(encoder.tensors().values())).device
    expected, out = encoder(x.to(device)).cpu(), run(*sample)
    if out.shape != expected.shape:
        raise ValueError(f"expected embeddings {list(expected.shape)} of the file, got {list(out.shape)}")
    return float((out - expected).abs().max() / expected.abs().max().clamp(min=1))


def _onnx_runner(path: Path) -> Callable[..., Tensor]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def run(*inputs: Tensor) -> Tensor:
        named = {name: value.numpy() for name, value in zip(INPUTS, inputs, strict=True)}
        return torch.from_numpy(session.run([OUTPUT], named)[0])

    return run


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(_INSTALL, name=error.name) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's advice to its own programmers."""
    loggers = {logging.getLogger(name): logging.getLogger(name).level for name in ("torch.onnx", "onnx_ir")}
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in loggers.items():
            logger.setLevel(level)
