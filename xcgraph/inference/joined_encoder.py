"""The document sides of several models, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from xcgraph.sparse import CSR

from .document_encoder import DocumentEncoder


class JoinedEncoder:
    """Concatenates the embeddings of several encoders, so that one label vector scores them all at once.

    Args:
        encoders: at least one, over the same tokens.
    """

    def __init__(self, encoders: Sequence[DocumentEncoder]) -> None:
        if not encoders:
            raise ValueError("expected at least one encoder, got none")
        self.encoders = list(encoders)

    @property
    def num_tokens(self) -> int:
        """V."""
        return self.encoders[0].num_tokens

    @torch.no_grad()
    def __call__(self, x: CSR) -> Tensor:
        """Embeds documents ``[N, V]`` as ``[N, D]``, D being the sum over the encoders."""
        return torch.cat([encoder(x) for encoder in self.encoders], dim=1)

    def tensors(self) -> dict[str, Tensor]:
        """The tensors of all encoders by name, such as ``0.tokens``."""
        return {
            f"{number}.{name}": value
            for number, encoder in enumerate(self.encoders)
            for name, value in encoder.tensors().items()
        }

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> JoinedEncoder:
        """What :meth:`tensors` gave."""
        parts: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            number, _, field = name.partition(".")
            parts.setdefault(int(number), {})[field] = value
        return cls([DocumentEncoder(**parts[number]) for number in sorted(parts)])
