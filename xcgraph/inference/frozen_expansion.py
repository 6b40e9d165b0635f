"""GAME for one document at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from . import kernels
from .label_ranker import Expansion
from .token_postings import check_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class FrozenExpansion:
    """Spreads the scores of one document's best labels over the label graph, as :class:`~xcgraph.layers.GAME`.

    Args:
        rowptr: of the graph ``[L, L]``, int64 ``[L + 1]``.
        col: int32 ``[E]``.
        value: float32 ``[E]``.
        mix: weight of the neighbours' scores.
    """

    def __init__(self, rowptr: Tensor, col: Tensor, value: Tensor, mix: float) -> None:
        check_rows(rowptr, col, value, rowptr.numel() - 1)
        self._tensors = (rowptr, col.int().contiguous(), value.float().contiguous())
        self._arrays = tuple(part.contiguous().numpy() for part in self._tensors)
        self.mix = mix

    @classmethod
    def freeze(cls, expansion: Expansion | None) -> FrozenExpansion | None:
        """``None`` of one that is absent or has no weight."""
        if expansion is None or expansion.mix == 0:
            return None
        graph = expansion.graph.to("cpu")
        return cls(graph.rowptr, graph.col, graph.value, expansion.mix)

    @property
    def num_labels(self) -> int:
        """L."""
        return self._tensors[0].numel() - 1

    def __call__(
        self,
        labels: np.ndarray,
        score: np.ndarray,
        k: int,
        total: np.ndarray,
        touched: np.ndarray,
        beam: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The best ``k`` after the expansion.

        Args:
            labels: int32 ``[B]``, each once.
            score: theirs, float32 ``[B]``, not negative.
            k: labels wanted.
            total: float32 ``[L]``, zeros before and after.
            touched: int32 ``[L]``, a buffer.
            beam: neighbours that get something; by default B. A shortlist may hold fewer labels than that.

        Returns:
            int32 and float32, ``[k]`` or fewer, best first, ties by the lower label.
        """
        near, moved = self._moved(labels, score, total, touched, beam or len(labels))
        both, place = np.unique(np.concatenate([labels, near]), return_inverse=True)
        mixed = np.zeros(len(both), dtype=np.float32)
        mixed[place[: len(labels)]] = (1 - self.mix) * score
        mixed[place[len(labels) :]] += np.float32(self.mix) * moved
        return best_labels(both, mixed, k)

    def contributions(self, labels: np.ndarray, score: np.ndarray, label: int) -> tuple[float, np.ndarray]:
        """What the score of one label is made of after the expansion.

        Args:
            labels: as of a call, int32 ``[B]``.
            score: theirs, float32 ``[B]``.
            label: the label.

        Returns:
            What its own score adds, and what that of each of ``labels`` adds by an edge, float64 ``[B]``; together
            the expanded score.
        """
        rowptr, col, value = self._arrays
        size = len(rowptr) - 1
        near, _ = self._moved(
            labels, score, np.zeros(size, dtype=np.float32), np.empty(size, dtype=np.int32), len(labels)
        )
        moved = np.zeros(len(labels))
        if label in near:
            for place, start in enumerate(labels.tolist()):
                edges = slice(rowptr[start], rowptr[start + 1])
                moved[place] = self.mix * score[place] * value[edges][col[edges] == label].sum(dtype=np.float64)
        return float((1 - self.mix) * score[labels == label].sum(dtype=np.float64)), moved

    def _moved(
        self, labels: np.ndarray, score: np.ndarray, total: np.ndarray, touched: np.ndarray, beam: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """What reaches labels along edges, the ``beam`` best of them."""
        rowptr, col, value = self._arrays
        count = kernels.add_short_rows(rowptr, col, value, labels, score, len(col), total, touched)
        reached = np.unique(touched[:count])
        moved = total[reached]
        total[reached] = 0
        return best_labels(reached, moved, beam)

    def to_scipy(self) -> csr_matrix:
        """The graph as a scipy matrix ``[L, L]``."""
        from scipy.sparse import csr_matrix

        rowptr, col, value = (part.numpy() for part in self._tensors)
        size = self._tensors[0].numel() - 1
        return csr_matrix((value, col, rowptr), shape=(size, size))

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk, beside ``mix``."""
        return dict(zip(("rowptr", "col", "value"), self._tensors, strict=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mix={self.mix})"


def best_labels(labels: np.ndarray, score: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` best (or fewer) of ``labels`` int32 ``[S]``: ``(label, score)``, ties by the lower label."""
    if k > 512:  # the compiled loop is for few
        order = np.lexsort((labels, -score))[:k]
        return labels[order], score[order]
    out_label, out_score = np.empty(k, dtype=np.int32), np.empty(k, dtype=np.float32)
    count = kernels.best_of(labels, score, out_label, out_score)
    return out_label[:count], out_score[:count]
