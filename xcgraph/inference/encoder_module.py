"""The document side of a model in operations that exchange formats have."""

from __future__ import annotations

import torch
from torch import Tensor

from .document_encoder import DocumentEncoder
from .joined_encoder import JoinedEncoder


class EncoderModule(torch.nn.Module):
    """A :class:`DocumentEncoder`, or several joined ones, as a module for ``torch.export`` and ONNX.

    ``embedding_bag`` has no counterpart in ONNX, so that a row a token is made here: this is for documents, not
    for training. Tensors are shared with the encoder.

    Args:
        encoder: of a trained model.

    Shapes:
        - **inputs:** token ids ``(E,)``, int64; their weights ``(E,)``, float32; offsets ``(N,)``, int64, where
          each document starts, as of ``torch.nn.EmbeddingBag``: the first one is 0
        - **outputs:** embeddings ``(N, D)``, float32
    """

    def __init__(self, encoder: DocumentEncoder | JoinedEncoder) -> None:
        super().__init__()
        encoders = encoder.encoders if isinstance(encoder, JoinedEncoder) else [encoder]
        self.num_encoders = len(encoders)
        for number, part in enumerate(encoders):
            for name, value in part.tensors().items():
                self.register_buffer(f"{name}_{number}", value.detach())

    def forward(self, ids: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
        """Embeds documents; the shapes are those of the class."""
        # A mark where each document starts; how many there are up to a token says whose token it is. Those of
        # empty documents at the end are behind the last token.
        marks = torch.zeros(ids.shape[0] + 1, dtype=torch.long, device=ids.device)
        row = marks.index_add(0, offsets, torch.ones_like(offsets)).cumsum(0)[:-1] - 1
        parts = []
        for number in range(self.num_encoders):
            tokens, gate, weight, bias = (
                getattr(self, f"{name}_{number}") for name in ("tokens", "gate", "weight", "bias")
            )
            entries = weights.unsqueeze(1) * torch.nn.functional.embedding(ids, tokens)
            v = entries.new_zeros(offsets.shape[0], gate.shape[0]).index_add(0, row, entries)
            parts.append((gate * v + torch.nn.functional.linear(v.relu(), weight, bias)).relu())
        return torch.cat(parts, dim=1)
