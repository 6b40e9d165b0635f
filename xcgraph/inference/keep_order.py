"""Probabilities that tell apart what their logits tell apart."""

from __future__ import annotations

import torch
from torch import Tensor


def keep_order(score: Tensor, key: Tensor) -> Tensor:
    """Scores that fall wherever their keys do.

    In 32 bits the probability of a logit above 17 is one, and softmax leaves nothing to a label a hundred below
    the best: whoever sorts by such scores gets another order. Equal scores of different keys become neighbouring
    numbers, the better one keeping its score near one and the worse one near zero.

    Args:
        score: probabilities, best first, shape ``[N, k]``; minus infinity where there is no label.
        key: what they rise with, such as logits; same shape, same order.

    Returns:
        The same scores, or a copy where some had to move.
    """
    falls = key[:, 1:] < key[:, :-1]
    rows = (falls & (score[:, 1:] == score[:, :-1])).any(dim=1).nonzero().view(-1)
    if not rows.numel():
        return score
    falls, moved = falls[rows], score[rows]
    zero, one = moved.new_zeros(()), moved.new_ones(())
    for j in range(1, moved.size(1)):
        most = torch.where(falls[:, j - 1], torch.nextafter(moved[:, j - 1], zero), moved[:, j - 1])
        moved[:, j] = torch.minimum(moved[:, j], most)
    for j in range(moved.size(1) - 1, 0, -1):  # where there was no room above zero
        least = torch.where(falls[:, j - 1], torch.nextafter(moved[:, j], one), moved[:, j])
        moved[:, j - 1] = torch.maximum(moved[:, j - 1], least)
    score = score.clone()
    score[rows] = moved
    return score
