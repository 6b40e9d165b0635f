"""Shortlists by way of meta-labels."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .beam import rank_shortlist, top_beam
from .cluster_index import ClusterIndex


class ClusterShortlist:
    """The labels of the best meta-labels of a document (DECAF, WSDM 2021; ECLARE, WWW 2021).

    Args:
        clusters: which labels each meta-label stands for.
        scorer: maps embeddings ``[N, D]`` to meta-label logits ``[N, K]``.
        beam: meta-labels kept, B.
        spread: maps a beam ``(index, p)``, each ``[N, B]``, to another, such as
            :class:`xcgraph.layers.GAME` over the meta graph does in ECLARE.
    """

    def __init__(
        self,
        clusters: ClusterIndex,
        scorer: Callable[[Tensor], Tensor],
        beam: int,
        spread: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        if beam < 1:
            raise ValueError(f"'beam' must be at least 1, got {beam}")
        self.clusters = clusters
        self.scorer = scorer
        self.beam = beam
        self.spread = spread

    def query(self, x: Tensor, s: int) -> tuple[Tensor, Tensor]:
        """Candidates of each document; their scores are the probabilities of their meta-labels.

        Args:
            x: document embeddings, shape ``[N, D]``.
            s: candidates wanted a document.

        Returns:
            ``(index, score)`` of shape ``[N, S]``, S at most ``s``; see :class:`Shortlister`.
        """
        index, p = top_beam(self.scorer(x), self.beam)
        if self.spread is not None:
            index, p = self.spread(index, p)
        return rank_shortlist(*self.clusters.expand(index, p), s)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.clusters}, beam={self.beam})"
