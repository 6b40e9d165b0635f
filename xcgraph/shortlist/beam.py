"""Beams over meta-labels, and how their scores meet those of labels."""

from __future__ import annotations

import torch
from torch import Tensor

from xcgraph.metrics.top_k import top_k


def top_beam(logit: Tensor, beam: int) -> tuple[Tensor, Tensor]:
    """The ``beam`` best meta-labels of each document and their probabilities.

    Args:
        logit: shape ``[N, K]``.
        beam: B.

    Returns:
        ``(index, p)`` of shape ``[N, min(B, K)]``, best first, ties by the lower id; ``p = sigmoid(logit)``.
    """
    index, score = top_k(logit, beam)
    return index, torch.sigmoid(score)


def combine_scores(index: Tensor, inherited: Tensor, logit: Tensor) -> Tensor:
    """Score of each shortlisted label: probability of its meta-label times its own, ``p' * sigmoid(<w, x>)``.

    In DECAF (WSDM 2021) ``p'`` is the probability of the meta-label; in ECLARE (WWW 2021) the same after it was
    spread over the meta graph (:class:`xcgraph.layers.GAME`).

    Args:
        index: shortlist, shape ``[N, S]``, -1 for none.
        inherited: ``p'``, shape ``[N, S]``, from :meth:`ClusterIndex.expand`.
        logit: ``<w_l, x>``, shape ``[N, S]``; anything where ``index`` is -1.

    Returns:
        Shape ``[N, S]``; -inf where ``index`` is -1, so that no sort can bring such a place up.
    """
    missing = index < 0
    score = inherited.masked_fill(missing, 0.0) * torch.sigmoid(logit.masked_fill(missing, 0.0))
    return score.masked_fill(missing, -torch.inf)


def rank_shortlist(index: Tensor, score: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` best of a shortlist, by descending score, ties by the lower id; each label at most once.

    Args:
        index: shape ``[N, S]``, any order, -1 for none; a repeated label keeps its best score.
        score: shape ``[N, S]``.
        k: labels to keep.

    Returns:
        ``(index, score)`` of shape ``[N, min(k, S)]``; rows with fewer end in index -1, score -inf.
    """
    score = score.masked_fill(index < 0, -torch.inf)
    # By label, the best score of each first, so that the others can be struck out.
    score, order = score.sort(dim=1, descending=True, stable=True)
    index = index.gather(1, order)
    index, order = index.sort(dim=1, stable=True)
    score = score.gather(1, order)
    repeated = torch.zeros_like(index, dtype=torch.bool)
    repeated[:, 1:] = index[:, 1:] == index[:, :-1]
    score = score.masked_fill(repeated, -torch.inf)
    score, order = score.sort(dim=1, descending=True, stable=True)
    score, index = score[:, :k], index.gather(1, order[:, :k])
    return index.masked_fill(score == -torch.inf, -1), score
