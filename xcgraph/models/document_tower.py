"""What a model asks of a document encoder that is not a bag of tokens."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class DocumentTower(Protocol):
    """Anything that embeds documents, such as a trained head on the vectors of a frozen sentence encoder.

    A ``torch.nn.Module`` that maps ``[B, F]`` to ``[B, D]`` is one; so is any function.
    """

    def __call__(self, x: Any, /) -> Tensor:
        """Embeds documents.

        Args:
            x: a batch of documents in the form that the tower wants, such as vectors ``[B, F]``.

        Returns:
            Shape ``[B, D]``, D being the size of the label vectors.
        """
        ...
