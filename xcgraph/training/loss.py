"""Losses over the labels of a step."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Reduction = Literal["document", "cell"]
Loss = Literal["softmax", "bce"]


def label_loss(
    logit: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: Reduction = "document",
    loss: Loss = "bce",
    padded: bool = True,
) -> Tensor:
    """Loss of logits.

    Args:
        logit: ``[B, n]``; minus infinity marks padding, which costs nothing.
        target: ``[B, n]``, zeros and ones.
        weight: ``[n]``, how many labels each column stands for, or ``None``.
        reduction: ``"document"`` sums over labels and averages over documents, so that the size of a step does not
            depend on how many labels are scored; ``"cell"`` averages over all cells that are no padding (DECAF and
            ECLARE).
        loss: ``"bce"``, binary cross-entropy; or ``"softmax"``, cross-entropy between the relevant labels, equally
            likely, and the softmax of all (always by document; documents without relevant labels cost nothing).
        padded: whether there may be padding. ``False`` spares the passes that look for it, two thirds of the time.

    Returns:
        A scalar; zero where there are no cells.
    """
    real = torch.isfinite(logit) if padded else None
    if loss == "softmax":
        if real is not None:
            # Not minus infinity: a row of nothing else would have no softmax, and NaN for a gradient.
            logit = logit.masked_fill(~real, torch.finfo(logit.dtype).min)
        likely = (logit if weight is None else logit + weight.log()).log_softmax(dim=1)
        if real is not None:
            likely = likely.masked_fill(~real, 0.0)
        share = target / target.sum(dim=1, keepdim=True).clamp(min=1)
        return -(share * likely).sum() / max(1, logit.size(0))
    if real is not None:
        logit = logit.masked_fill(~real, 0.0)
    cost = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
    for factor in (real, weight):
        cost = cost if factor is None else cost * factor
    if reduction == "document":
        return cost.sum() / max(1, logit.size(0))
    return cost.sum() / (max(1, logit.numel()) if real is None else real.sum().clamp(min=1))
