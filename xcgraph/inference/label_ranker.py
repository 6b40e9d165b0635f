"""From documents to ranked labels, by one trained model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from xcgraph.layers import GAME, score_shortlist
from xcgraph.metrics import top_k
from xcgraph.models import DocumentTower
from xcgraph.shortlist import ClusterIndex, rank_shortlist, top_beam
from xcgraph.sparse import CSR, select_rows

from .document_encoder import DocumentEncoder
from .joined_encoder import JoinedEncoder
from .keep_order import keep_order
from .label_parts import LabelParts
from .lexical_scorer import LexicalScorer
from .reranker import Reranker

if TYPE_CHECKING:
    import numpy as np

Link = Literal["sigmoid", "softmax"]
"""How logits become probabilities: of each label by itself, or shared out among all labels that were scored."""

# Documents are scored in pieces whose scores have at most so many entries (64 MB).
_MAX_SCORES = 1 << 24


@dataclass
class Expansion:
    """GAME at prediction time.

    Args:
        graph: normalised adjacency whose rows are walk starts, ``[L, L]``.
        mix: weight of the neighbours' scores.
    """

    graph: CSR
    mix: float

    def __call__(self, index: Tensor, score: Tensor, k: int | None) -> tuple[Tensor, Tensor]:
        """Spreads probabilities ``[N, B]``; returns ``[N, k]``, or ``[N, 2 B]`` if ``k`` is ``None``."""
        if self.mix == 0:
            return index, score
        return GAME(self.mix, k)(index, score, self.graph)


@dataclass
class BeamSearch:
    """A shortlister over meta-labels at prediction time.

    Args:
        encoder: of module II.
        weight: meta-label vectors, ``[K, D]``.
        bias: ``[K]`` or ``None``.
        clusters: which labels each meta-label stands for.
        beam: B.
        expansion: over the meta graph, or ``None``.
    """

    encoder: DocumentEncoder
    weight: Tensor
    bias: Tensor | None
    clusters: ClusterIndex
    beam: int
    expansion: Expansion | None = None

    @property
    def width(self) -> int:
        """Most labels a document."""
        beams = self.beam if self.expansion is None else 2 * self.beam
        return beams * self.clusters.max_cluster_size

    def beams(self, doc_x: CSR) -> tuple[Tensor, Tensor]:
        """Meta-labels and their probabilities, ``[N, B]`` (with expansion up to ``2 B``)."""
        document = self.encoder(doc_x)
        index, p = top_beam(torch.nn.functional.linear(document, self.weight, self.bias), self.beam)
        return (index, p) if self.expansion is None else self.expansion(index, p, None)

    def __call__(self, doc_x: CSR) -> tuple[Tensor, Tensor]:
        """Shortlist ``[N, S]`` of labels and the probabilities of their meta-labels; -1 for none."""
        return self.clusters.expand(*self.beams(doc_x))


class LabelRanker:
    """Ranks labels by probability.

    Without a shortlister every label is scored, :math:`s_l = \\sigma(\\langle w_l, x \\rangle + b_l)`; with one,
    only the labels of the best meta-labels, and their scores are multiplied by the meta-label's (DECAF and
    ECLARE). Then the label graph may expand the result (GAME, ECLARE). For models trained by softmax,
    probabilities are softmax's, over the labels that are scored.

    Args:
        encoder: of documents. With another :class:`~xcgraph.models.DocumentTower`, documents are what it takes,
            ``[N, F]``; such a ranker can be asked, but not stored, frozen or exported.
        weight: label vectors, ``[L, D]``.
        bias: ``[L]``, or ``None``.
        shortlister: or ``None`` to score all labels.
        expansion: over the label graph, or ``None``.
        beam: scores kept before the expansion.
        link: ``"sigmoid"`` or ``"softmax"``, as the model was trained.
        lexical: adds to the logits, or ``None``.
        parts: what label vectors and lexical scores were made of, or ``None``; not needed to rank.
        reranker: orders the best labels anew, before the expansion, or ``None``. Of rankers that score all labels.
    """

    def __init__(
        self,
        encoder: DocumentEncoder | JoinedEncoder | DocumentTower,
        weight: Tensor,
        bias: Tensor | None,
        shortlister: BeamSearch | None = None,
        expansion: Expansion | None = None,
        beam: int = 100,
        link: Link = "sigmoid",
        lexical: LexicalScorer | None = None,
        parts: LabelParts | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        if reranker is not None and shortlister is not None:
            raise ValueError("only rankers that score all labels can order the best ones anew")
        self.encoder = encoder
        self.weight = weight
        self.bias = bias
        self.shortlister = shortlister
        self.expansion = expansion
        self.beam = beam
        self.link = link
        self.lexical = lexical
        self.parts = parts
        self.reranker = reranker

    @property
    def token_encoder(self) -> DocumentEncoder | JoinedEncoder:
        """The encoder, if it is one of tokens: what is stored, frozen or exported.

        Raises:
            ValueError: if it is another document tower.
        """
        if isinstance(self.encoder, (DocumentEncoder, JoinedEncoder)):
            return self.encoder
        raise ValueError(
            f"this ranker embeds documents by {type(self.encoder).__name__}, a document tower; only rankers that "
            "embed tokens can be stored, frozen or exported: keep the tower and the label vectors yourself"
        )

    @torch.no_grad()
    def rank(self, doc_x: CSR | Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Labels and probabilities of documents ``[N, V]``.

        Returns:
            ``(index int64, score)``, both ``[N, min(k, L)]``, best first, ties by the lower id; index -1, score
            -inf where there are fewer.
        """
        width = self.weight.size(0)
        if self.shortlister is not None:
            width = max(self.shortlister.weight.size(0), self.shortlister.width)
        rows = torch.arange(doc_x.shape[0], device=doc_x.device)
        pieces = rows.split(max(1, _MAX_SCORES // max(1, width)))
        parts = [self._rank_piece(select_rows(doc_x, piece), k) for piece in pieces if piece.numel()]
        if not parts:
            k = min(k, self.weight.size(0))
            return rows.new_empty(0, k), self.weight.new_empty(0, k)
        return torch.cat([index for index, _ in parts]), torch.cat([score for _, score in parts])

    def _rank_piece(self, doc_x: Any, k: int) -> tuple[Tensor, Tensor]:
        k = min(k, self.weight.size(0))
        expand = self.expansion is not None and self.expansion.mix > 0
        # Of the beam alone: what is said of the best labels must not depend on how many are asked for.
        keep = min(self.beam, self.weight.size(0)) if expand else k
        deep = keep if self.reranker is None else min(max(keep, self.reranker.depth), self.weight.size(0))
        document = self.encoder(doc_x)
        if self.shortlister is None:
            logit = torch.nn.functional.linear(document, self.weight, self.bias)
            if self.lexical is not None:
                self.lexical.add_(logit, doc_x)
            total = logit.logsumexp(dim=1, keepdim=True) if self.link == "softmax" else None
            index, logit = top_k(logit, deep)
            if self.reranker is not None:
                index = self.reranker.order_all(doc_x, index, logit)
            index, logit = index[:, :keep], logit[:, :keep]
            score = keep_order(torch.sigmoid(logit) if total is None else (logit - total).exp(), logit)
        else:
            near, inherited = self.shortlister(doc_x)
            logit = score_shortlist(document, self.weight, self.bias, near)
            if self.lexical is not None:
                logit = logit + self.lexical.of_shortlist(doc_x, near)
            own = logit.log_softmax(dim=1) if self.link == "softmax" else torch.nn.functional.logsigmoid(logit)
            smallest = torch.finfo(inherited.dtype).tiny
            log_score = (inherited.clamp(min=smallest).log() + own).masked_fill(near < 0, -torch.inf)
            index, log_score = _widen(*rank_shortlist(near, log_score, keep), keep)
            score = keep_order(log_score.exp(), log_score).masked_fill(index < 0, -torch.inf)
        if expand:
            assert self.expansion is not None
            index, score = self.expansion(index, score.masked_fill(index < 0, 0.0), k)
            score = score.masked_fill(index < 0, -torch.inf)
        return index, score

    def predict(self, doc_x: CSR | Tensor, k: int) -> tuple[np.ndarray, np.ndarray]:
        """:meth:`rank`, as arrays on the host."""
        index, score = self.rank(doc_x, k)
        return index.cpu().numpy(), score.cpu().numpy()


class EnsembleRanker:
    """The mean of several rankers' probabilities; a label that one does not list counts as zero there.

    Args:
        members: at least one.
        depth: labels taken from each member.
    """

    def __init__(self, members: list[LabelRanker], depth: int = 200) -> None:
        if not members:
            raise ValueError("an ensemble needs at least one member")
        self.members = members
        self.depth = depth

    def rank(self, doc_x: CSR, k: int) -> tuple[Tensor, Tensor]:
        """See :meth:`LabelRanker.rank`."""
        if len(self.members) == 1:
            return self.members[0].rank(doc_x, k)
        k = min(k, self.members[0].weight.size(0))
        parts = [member.rank(doc_x, max(k, self.depth)) for member in self.members]
        index = torch.cat([index for index, _ in parts], dim=1)
        score = torch.cat([score for _, score in parts], dim=1).masked_fill(index < 0, 0.0) / len(self.members)
        # Equal labels side by side: the first of each gets the sum, the others go.
        index, order = index.sort(dim=1, stable=True)
        score = score.gather(1, order)
        first = torch.ones_like(index, dtype=torch.bool)
        first[:, 1:] = index[:, 1:] != index[:, :-1]
        group = first.cumsum(dim=1) - 1
        total = torch.zeros_like(score).scatter_add_(1, group, score)
        label = torch.full_like(index, -1).scatter_(1, group, index)
        return _widen(*rank_shortlist(label, total, k), k)

    def predict(self, doc_x: CSR, k: int) -> tuple[np.ndarray, np.ndarray]:
        """:meth:`rank`, as arrays on the host."""
        index, score = self.rank(doc_x, k)
        return index.cpu().numpy(), score.cpu().numpy()


def _widen(index: Tensor, score: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Pads to ``[N, width]``, so that pieces of documents can be joined."""
    missing = width - index.size(1)
    if missing <= 0:
        return index, score
    pad = torch.nn.functional.pad
    return pad(index, (0, missing), value=-1), pad(score, (0, missing), value=-torch.inf)
