"""Label vectors around zero, where only differences between labels count."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from .label_ranker import LabelRanker


@torch.no_grad()
def centre_labels(ranker: LabelRanker, known: Tensor | None = None) -> LabelRanker:
    """The same ranker with the mean of its label vectors, and of its biases, taken off each.

    Softmax does not see what all logits of a document have in common, so nothing holds it where it is: two models
    trained on the same documents may differ by hundreds there. Centred ones can be averaged label by label, and
    rows around zero lose less when they are rounded.

    Args:
        ranker: trained by softmax; it stays as it is, and the encoder is shared.
        known: labels that the mean is over, bool ``[L]``: those that it was trained on. ``None`` for all.

    Raises:
        ValueError: if it was trained otherwise: sigmoids see the level of a logit.
    """
    if ranker.link != "softmax":
        raise ValueError(f"only models trained by softmax can be centred, this one's link is {ranker.link!r}")
    some = slice(None) if known is None or not bool(known.any()) else known.to(ranker.weight.device)
    centred = copy.copy(ranker)
    centre = ranker.weight[some].mean(dim=0)
    centred.weight = ranker.weight - centre
    if ranker.bias is not None:
        centred.bias = ranker.bias - ranker.bias[some].mean()
    if ranker.parts is not None:
        centred.parts = ranker.parts.replace(composers=[c.shifted(-centre) for c in ranker.parts.composers])
    return centred
