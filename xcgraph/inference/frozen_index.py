"""A trained model as one table of label vectors, answering one document in a fraction of a millisecond."""

from __future__ import annotations

import threading
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from . import kernels, projection_kernels
from .clustered_labels import ClusteredLabels
from .frozen_beam_search import FrozenBeamSearch
from .frozen_encoder import FrozenEncoder
from .frozen_expansion import FrozenExpansion, best_labels
from .label_ranker import Link
from .projected_labels import ProjectedLabels, best_ids
from .reranker import Reranker
from .row_matrix import RowMatrix
from .token_postings import TokenPostings

#: Labels scored exactly a document, of those that a shortlist names.
CANDIDATES = 400
# Labels of the best clusters that are looked at before those are chosen; and how many join by shared tokens.
_LOOKED_AT = 24_576
_BY_TOKENS = 200
#: All labels are scored where fewer candidates than so many times the labels wanted are.
MARGIN = 2
_NO_POSTINGS = TokenPostings(torch.zeros(1, dtype=torch.long), torch.empty(0).int(), torch.empty(0), 0).arrays()
_FIELDS = (
    "encoders", "labels", "mean", "bias", "postings", "shortlist", "expansion", "beam", "link", "candidates",
    "reranker",
)  # fmt: skip


class FrozenIndex:
    r"""Ranks labels for one document by :math:`\langle \mathbf{w}_l, \mathbf{x} \rangle + b_l +
    \langle \mathbf{t}, \mathbf{v}_l \rangle`, with compiled loops over buffers that each thread keeps.

    Without a shortlist, all labels are scored. With :class:`ProjectedLabels`, all are scored approximately, and
    the best of them exactly; probabilities take the approximate scores of the others into account. With
    :class:`ClusteredLabels`, the same is done for the best clusters alone, and labels that share the most telling
    tokens join them; probabilities of a softmax are shared out among what is scored exactly. With
    :class:`FrozenBeamSearch`, labels are those of the meta-labels that were trained to find them, and their
    probabilities are multiplied by the meta-label's.

    Args:
        encoders: of documents; their embeddings are joined.
        labels: label vectors, ``[L, D]``, minus ``mean`` where they are not float32.
        mean: of the label vectors, float32 ``[D]``.
        bias: float32 ``[L]``.
        postings: what tokens add, or ``None``.
        shortlist: or ``None`` to score all labels.
        expansion: over the label graph, or ``None``.
        beam: scores kept before the expansion.
        link: how logits become probabilities.
        candidates: labels of a shortlist that are scored exactly.
        reranker: orders the best labels anew, before the expansion, or ``None``.

    Raises:
        ValueError: if sizes do not fit together.
    """

    def __init__(
        self,
        encoders: list[FrozenEncoder],
        labels: RowMatrix,
        mean: Tensor,
        bias: Tensor,
        postings: TokenPostings | None = None,
        shortlist: ProjectedLabels | ClusteredLabels | FrozenBeamSearch | None = None,
        expansion: FrozenExpansion | None = None,
        beam: int = 100,
        link: Link = "sigmoid",
        candidates: int = CANDIDATES,
        reranker: Reranker | None = None,
    ) -> None:
        dim = sum(encoder.dim for encoder in encoders)
        if labels.shape[1] != dim or mean.shape != (dim,) or bias.shape != (labels.shape[0],):
            raise ValueError(
                f"expected label vectors of {dim} dimensions, a mean of as many and {labels.shape[0]} biases, got "
                f"{labels.shape[1]}, {list(mean.shape)} and {list(bias.shape)}"
            )
        if link not in get_args(Link):
            raise ValueError(f"expected a link of {get_args(Link)}, got {link!r}")
        if postings is not None and postings.num_labels != labels.shape[0]:
            raise ValueError(f"expected postings of {labels.shape[0]} labels, got {postings.num_labels}")
        if isinstance(shortlist, FrozenBeamSearch):
            found = (shortlist.num_labels, shortlist.encoder.tokens.shape[0])
            wanted = (labels.shape[0], encoders[0].tokens.shape[0])
            if found != wanted:
                raise ValueError(f"expected a search for {wanted} labels and tokens, got {found}")
        elif shortlist is not None and shortlist.shape != labels.shape:
            raise ValueError(f"expected a shortlist of label vectors {labels.shape}, got {shortlist.shape}")
        if expansion is not None and expansion.num_labels != labels.shape[0]:
            raise ValueError(f"expected a graph of {labels.shape[0]} labels, got {expansion.num_labels}")
        if reranker is not None and reranker.num_labels != labels.shape[0]:
            raise ValueError(f"expected an order of {labels.shape[0]} labels, got one of {reranker.num_labels}")
        if reranker is not None and isinstance(shortlist, FrozenBeamSearch):
            raise ValueError("only indexes that may score all labels can order the best ones anew")
        self.encoders = encoders
        self.labels = labels
        self.mean = mean.float().contiguous()
        self.bias = bias.float().contiguous()
        self.postings = postings
        self.shortlist = shortlist
        self.expansion = expansion
        self.beam = beam
        self.link: Link = link
        self.candidates = candidates
        self.reranker = reranker
        self._mean = self.mean.numpy()
        self._bias = self.bias.numpy()
        self._centred = labels.dtype != "float32"
        self._local = threading.local()

    def replace(self, **changes: Any) -> FrozenIndex:
        """A copy with other fields, by the names of the arguments; buffers are its own."""
        return FrozenIndex(**{**{name: getattr(self, name) for name in _FIELDS}, **changes})

    @property
    def num_labels(self) -> int:
        """L."""
        return self.labels.shape[0]

    @property
    def num_tokens(self) -> int:
        """V."""
        return self.encoders[0].tokens.shape[0]

    @property
    def dtype(self) -> str:
        """Of label vectors."""
        return self.labels.dtype

    @property
    def dim(self) -> int:
        """D."""
        return self.labels.shape[1]

    @property
    def expands(self) -> bool:
        """Whether scores are expanded over the label graph."""
        return self.expansion is not None and self.expansion.mix > 0

    @property
    def most(self) -> int | None:
        """Labels wanted beyond which all are scored; ``None`` where ``exact`` makes no difference to an answer."""
        if self.shortlist is None or isinstance(self.shortlist, FrozenBeamSearch):
            return None
        return self.candidates // MARGIN

    def rank(
        self, ids: np.ndarray, weights: np.ndarray, k: int, exact: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """The best labels of one document and their probabilities.

        Args:
            ids: its tokens, int32 ``[n]``, each once.
            weights: theirs, float32 ``[n]``.
            k: labels wanted. Where that is more than :attr:`most`, all labels are scored.
            exact: score all labels in any case, but where the model was trained with its shortlist.

        Returns:
            ``(labels int32, probabilities float32)``, ``[min(k, L)]``, best first, ties by the lower label; fewer
            where a trained shortlist holds no more.
        """
        k = min(k, self.num_labels)
        labels, score = self.before_expansion(ids, weights, k, exact)
        if self.expansion is not None and self.expands:
            own = self._buffers()
            beam = min(self.beam, self.num_labels)
            labels, score = self.expansion(labels, score, k, own.zeros, own.touched, beam)
        return labels, score

    def before_expansion(
        self, ids: np.ndarray, weights: np.ndarray, k: int, exact: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """The labels and probabilities that :meth:`rank` expands over the label graph, or answers without one."""
        wanted = min(self.beam if self.expands else k, self.num_labels)
        keep = wanted if self.reranker is None else min(max(wanted, self.reranker.depth), self.num_labels)
        own = self._buffers()
        start = 0
        for encoder in self.encoders:
            stop = start + encoder.dim
            encoder.embed(ids, weights, own.part[: encoder.dim], own.document[start:stop])
            start = stop
        offset = float(self._mean @ own.document)
        if isinstance(self.shortlist, FrozenBeamSearch):
            return self._searched(ids, weights, keep, offset, own)
        if exact or self.shortlist is None or MARGIN * max(k, keep) > self.candidates:
            labels, logit, total = self._all(ids, weights, keep, offset, own)
        elif isinstance(self.shortlist, ProjectedLabels):
            labels, logit, total = self._projected(ids, weights, keep, offset, own)
        else:
            labels, logit, total = self._clustered(ids, weights, keep, offset, own)
        if self.reranker is not None:
            labels = labels[self.reranker.order(ids, weights, labels, logit)]
        return labels[:wanted], np.exp(self._log_probability(logit[:wanted], total))

    def vectors(self, labels: Tensor) -> Tensor:
        """Label vectors as they are scored, float32 ``[n, D]``, of labels ``[n]``."""
        rows = self.labels.select(labels)
        return rows + self.mean if self._centred else rows

    def _all(
        self, ids: np.ndarray, weights: np.ndarray, keep: int, offset: float, own: Any
    ) -> tuple[np.ndarray, np.ndarray, float]:
        logit = own.logit
        np.copyto(logit, self._bias)
        if self.postings is not None:
            self.postings.add(ids, weights, logit)
        self.labels.add_product(own.document, logit)
        if self._centred:
            logit += np.float32(offset)
        labels = best_ids(logit, keep)
        labels, score = best_labels(labels, logit[labels], keep)
        return labels, score, self._total(logit, score[0])

    def _projected(
        self, ids: np.ndarray, weights: np.ndarray, keep: int, offset: float, own: Any
    ) -> tuple[np.ndarray, np.ndarray, float]:
        assert isinstance(self.shortlist, ProjectedLabels)
        tokens = _NO_POSTINGS if self.postings is None else self.postings.arrays()
        rowptr, col, value, frequent, frequent_rows, frequent_scale = tokens
        directions, columns, column_scale = self.shortlist.arrays()
        rows, row_scale = self.labels.arrays()
        found, total = projection_kernels.score_candidates(
            own.document, np.float32(offset), self._bias, rowptr, col, value, frequent, frequent_rows,
            frequent_scale, ids, weights, directions, columns, column_scale, rows, row_scale, self._centred,
            self.candidates, self.link == "softmax", own.base, own.logit, own.touched, own.score,
        )  # fmt: skip
        labels, score = best_labels(own.touched[:found], own.score[:found], keep)
        return labels, score, total

    def _clustered(
        self, ids: np.ndarray, weights: np.ndarray, keep: int, offset: float, own: Any
    ) -> tuple[np.ndarray, np.ndarray, float]:
        assert isinstance(self.shortlist, ClusteredLabels)
        base = own.zeros
        touched = self._by_tokens(ids, weights, own)
        near, _ = self.shortlist.find(own.document, base, _LOOKED_AT, self.candidates, own.clusters)
        if len(touched):
            near = np.unique(np.concatenate([near, touched[best_ids(base[touched], _BY_TOKENS)]]))
        score = self._exact(near, touched, ids, weights, offset, own)
        labels, best = best_labels(near, score, keep)
        return labels, best, self._total(score, best[0])

    def _searched(
        self, ids: np.ndarray, weights: np.ndarray, keep: int, offset: float, own: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        assert isinstance(self.shortlist, FrozenBeamSearch)
        near, inherited = self.shortlist.find(ids, weights)
        if not len(near):  # meta-labels that stand for no label
            return near, inherited
        logit = self._exact(near, self._by_tokens(ids, weights, own), ids, weights, offset, own)
        # Logarithms: probabilities near one may be equal where logits are not.
        score = np.log(np.maximum(inherited, np.finfo(np.float32).tiny))
        score += self._log_probability(logit, self._total(logit, logit.max()))
        best = best_ids(score, keep)
        labels, score = best_labels(near[best], score[best], keep)
        return labels, np.exp(score)

    def _by_tokens(self, ids: np.ndarray, weights: np.ndarray, own: Any) -> np.ndarray:
        """Adds what tokens of few labels give to zeros; returns the labels that got something, some thousand."""
        count = 0
        if self.postings is not None:
            count = self.postings.add_some(ids, weights, own.zeros, own.touched)
        return np.asarray(own.touched[:count])

    def _exact(
        self, near: np.ndarray, touched: np.ndarray, ids: np.ndarray, weights: np.ndarray, offset: float, own: Any
    ) -> np.ndarray:
        """Logits of labels ``[S]``, after :meth:`_by_tokens`, whose zeros are zeros again afterwards."""
        base = own.zeros
        score = self._bias[near] + base[near]
        if len(touched) < len(base):
            base[touched] = 0
        else:
            base[:] = 0
        self._add_dense(near, offset, own.document, score)
        if self.postings is not None:
            self.postings.add_rest(ids, weights, near, score)
        return score

    def _add_dense(self, near: np.ndarray, offset: float, document: np.ndarray, score: np.ndarray) -> None:
        self.labels.add_products_of(near, document, score)
        if self._centred:
            score += np.float32(offset)

    def _log_probability(self, logit: np.ndarray, total: float) -> np.ndarray:
        return logit - total if self.link == "softmax" else -np.logaddexp(np.float32(0), -logit)

    def _total(self, logit: np.ndarray, highest: np.float32) -> float:
        """log sum exp of logits of which ``highest`` is the highest; 0 for a link that needs none."""
        if self.link != "softmax":
            return 0.0
        return float(highest + np.log(kernels.sum_exp(logit, highest)))

    def _buffers(self) -> Any:
        """Arrays that belong to the calling thread."""
        own = self._local
        if not hasattr(own, "document"):
            size = self.num_labels
            own.part = np.empty(max(encoder.dim for encoder in self.encoders), dtype=np.float32)
            own.document = np.empty(self.labels.shape[1], dtype=np.float32)
            own.logit, own.base, own.score = (np.empty(size, dtype=np.float32) for _ in range(3))
            own.zeros, own.touched = np.zeros(size, dtype=np.float32), np.empty(size, dtype=np.int32)
            if isinstance(self.shortlist, ClusteredLabels):
                own.clusters = np.empty(self.shortlist.num_clusters, dtype=np.float32)
        return own

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.labels}, shortlist={self.shortlist})"
