"""Scores of the labels that some weights could bring to the top, and what rankings of them are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from xcgraph.inference import LabelRanker
from xcgraph.layers import score_shortlist
from xcgraph.metrics.first_ranks import FIRST_RANKS, gains_of_first
from xcgraph.metrics.top_k import top_k
from xcgraph.shortlist import rank_shortlist
from xcgraph.sparse import CSR
from xcgraph.training.validation import Validator

from .parts import FusionWeights, LexicalParts

# Scores of all labels held at a time.
_MAX_SCORES = 1 << 24


@dataclass(frozen=True)
class CandidateScores:
    """Scores of some labels of each document, by part.

    Args:
        index: labels ``[N, S]``, -1 for none.
        network: the model's own logits ``[N, S]``.
        lexical: scores of each part in use, ``[N, S]``.
    """

    index: np.ndarray
    network: np.ndarray
    lexical: dict[str, np.ndarray]

    def fused(self, weights: FusionWeights) -> np.ndarray:
        """Scores ``[N, S]``; minus infinity where there is no label."""
        score = self.network.copy()
        for name, part in self.lexical.items():
            if weight := getattr(weights, name):
                score += weight * part
        return np.where(self.index < 0, -np.inf, score)


@torch.no_grad()
def candidate_scores(ranker: LabelRanker, parts: LexicalParts, doc_x: CSR, depth: int = 50) -> CandidateScores:
    """The labels that any weights could bring to the top, with their scores.

    Args:
        ranker: without lexical scores.
        parts: the lexical scores.
        doc_x: documents, ``[N, V]``.
        depth: labels taken from the model, and from each part; with a shortlister, its shortlist is taken whole.
    """
    scorers = {name: parts.single(name, doc_x.device) for name in parts.rows}
    biases = {name: parts.bias_of(name, doc_x.device) for name in parts.rows}
    num_labels = ranker.weight.size(0)
    indices: list[Tensor] = []
    scores: list[list[Tensor]] = []
    for rows in torch.arange(doc_x.shape[0], device=doc_x.device).split(max(1, _MAX_SCORES // num_labels)):
        x = doc_x.select_rows(rows)
        document = ranker.encoder(x)
        if ranker.shortlister is not None:
            index, inherited = ranker.shortlister(x)
            logit = score_shortlist(document, ranker.weight, ranker.bias, index) + inherited.log()
            safe = index.clamp(min=0)
            own = [scorer.of_shortlist(x, index) + biases[name][safe] for name, scorer in scorers.items()]
        else:
            dense = torch.nn.functional.linear(document, ranker.weight, ranker.bias)
            each = [scorer.add_(biases[name].repeat(dense.size(0), 1), x) for name, scorer in scorers.items()]
            best = torch.cat([top_k(score, min(depth, num_labels))[0] for score in (dense, *each)], dim=1)
            index, _ = rank_shortlist(best, torch.zeros(best.shape, device=best.device), best.size(1))
            safe = index.clamp(min=0)
            logit, own = dense.gather(1, safe), [score.gather(1, safe) for score in each]
        indices.append(index)
        scores.append([logit, *own])
    # All pieces are of one width: so many labels of each part, or the whole of a shortlist, padded.
    network, *lexical = (torch.cat(part).cpu().numpy() for part in zip(*scores, strict=True))
    return CandidateScores(torch.cat(indices).cpu().numpy(), network, dict(zip(scorers, lexical, strict=True)))


class CandidateMetrics:
    """P and PSP at 1, 3, 5 of candidates under any weights, each document counted any number of times.

    Args:
        scores: of the validation documents' candidates.
        validator: what they are worth.
    """

    def __init__(self, scores: CandidateScores, validator: Validator) -> None:
        self.scores = scores
        #: What listing each candidate adds to PSP, ``[N, S]``, see :meth:`Validator.worth`.
        self.worth, self._most = validator.worth(scores.index)
        self._gained: dict[FusionWeights, np.ndarray] = {}

    @property
    def num_documents(self) -> int:
        """N."""
        return len(self.scores.index)

    def __call__(self, weights: FusionWeights, counts: np.ndarray | None = None) -> dict[str, float]:
        """Metrics, 0 to 100, of fused scores; ``counts``: how often each document counts, ``[N]``, or once."""
        if weights not in self._gained:
            self._gained[weights] = self.gains(self.scores.fused(weights))
        return self.metrics(self._gained[weights], counts)

    def gains(self, score: np.ndarray) -> np.ndarray:
        """What each document's first labels are worth by any scores of the candidates, float32 ``[N, 6]``.

        Args:
            score: ``[N, S]``, minus infinity for what is not to be listed.
        """
        score = np.where(np.isneginf(self.worth), -np.inf, score)
        top = np.argsort(score, axis=1)  # where there are no labels to part
        if score.shape[1] > 5:
            top = np.argpartition(-score, 4, axis=1)[:, :5]
        order = np.argsort(-np.take_along_axis(score, top, 1), axis=1, kind="stable")
        worth = np.maximum(np.take_along_axis(self.worth, np.take_along_axis(top, order, 1), 1), 0.0)
        return gains_of_first(worth).astype(np.float32)

    def metrics(self, gained: np.ndarray, counts: np.ndarray | None = None) -> dict[str, float]:
        """Metrics, 0 to 100, of :meth:`gains`; ``counts``: how often each document counts, ``[N]``, or once."""
        counts = np.ones(self.num_documents) if counts is None else counts
        most = counts @ self._most
        values = 100 * (counts @ gained) / np.where(most > 0, most, 1.0)
        return dict(zip(FIRST_RANKS, values.tolist(), strict=True))
