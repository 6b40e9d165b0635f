"""What every shortlist can do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Shortlister(Protocol):
    """Anything that names a few candidate labels for a document embedding."""

    def query(self, x: Tensor, s: int) -> tuple[Tensor, Tensor]:
        """Candidates of each document.

        Args:
            x: document embeddings, shape ``[N, D]``.
            s: candidates wanted a document.

        Returns:
            ``(index, score)`` of shape ``[N, S]`` with S at most ``s``, best first, ties by the lower label id, on
            the device of ``x``; index -1, score -inf where there are fewer.
        """
        ...
