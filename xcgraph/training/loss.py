"""Binary cross-entropy over the labels of a step."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Reduction = Literal["document", "cell"]


def label_loss(logit: Tensor, target: Tensor, weight: Tensor | None, reduction: Reduction) -> Tensor:
    """Binary cross-entropy of logits.

    Args:
        logit: ``[B, n]``; minus infinity marks padding, which costs nothing.
        target: ``[B, n]``, zeros and ones.
        weight: ``[n]``, how many labels each column stands for, or ``None``.
        reduction: ``"document"`` sums over labels and averages over documents, so that the size of a step does not
            depend on how many labels are scored; ``"cell"`` averages over all cells that are no padding (DECAF and
            ECLARE).

    Returns:
        A scalar; zero where there are no cells.
    """
    real = torch.isfinite(logit)
    loss = F.binary_cross_entropy_with_logits(logit.masked_fill(~real, 0.0), target, reduction="none")
    loss = loss * real if weight is None else loss * real * weight
    if reduction == "document":
        return loss.sum() / max(1, logit.size(0))
    return loss.sum() / real.sum().clamp(min=1)
