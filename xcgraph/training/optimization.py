"""Optimisers and learning rate schedules."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch

from xcgraph.models import LabelModel

from .row_adam import RowAdam, SecondMoment

OptimizerState = Literal["full", "rowwise"]


def make_optimizers(
    model: LabelModel,
    learning_rate: float,
    freeze_tokens: bool = False,
    state: OptimizerState = "full",
    freeze_offsets: bool = False,
) -> list[torch.optim.Optimizer]:
    """Adam for what is small, RowAdam for tables with sparse gradients, with the papers' defaults.

    Args:
        model: ``requires_grad`` of its token table and label offsets is set by ``freeze_tokens`` and
            ``freeze_offsets``.
        learning_rate: of all of them.
        freeze_tokens: leave the token embeddings as they are.
        state: of tables with sparse gradients: two moments a number (``"full"``), or one a number and one a row
            (``"rowwise"``).
        freeze_offsets: leave what is the same for all labels as it is. Under softmax its gradient is zero but for
            rounding, which Adam takes for the direction of steps as long as any.
    """
    model.embedding.weight.requires_grad_(not freeze_tokens)
    for offset in model.label_offsets:
        offset.requires_grad_(not freeze_offsets)
    tables = []
    if model.embedding.sparse and not freeze_tokens:
        tables.append(model.embedding.weight)
    if model.classifier.sparse:
        tables += [p for p in (model.classifier.weight, model.classifier.bias) if p is not None]
    ids = {id(p) for p in tables}
    dense = [p for p in model.parameters() if p.requires_grad and id(p) not in ids]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.Adam(dense, lr=learning_rate, fused=True)]
    if tables:
        second_moment: SecondMoment = "number" if state == "full" else "row"
        optimizers.append(RowAdam(tables, lr=learning_rate, second_moment=second_moment))
    return optimizers


Schedule = Callable[[int], float]
"""Maps a step, from 0, to a factor of the learning rate."""


def cosine_schedule(num_steps: int, warmup: float) -> Schedule:
    """Linear warm-up over a share ``warmup`` of the steps, then half a cosine down to zero."""
    rise = max(1, round(warmup * num_steps))

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, (step - rise) / max(1, num_steps - rise))))

    return factor


def halving_schedule(steps_per_epoch: int, interval: int) -> Schedule:
    """The papers' schedule: half the rate after ``interval`` epochs, then every ``max(5, interval // 2)``."""
    later = max(5, interval // 2)

    def factor(step: int) -> float:
        epoch = step // max(1, steps_per_epoch)
        return 1.0 if epoch < interval else 0.5 ** (1 + (epoch - interval) // later)

    return factor
