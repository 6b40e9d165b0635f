"""Whether to shortlist at all."""

from __future__ import annotations

import logging
import os
from typing import Literal

import torch

logger = logging.getLogger(__name__)

Scoring = Literal["all", "shortlist"]

#: A shortlisted label costs as much as this many in a dense product: its row is fetched for one document alone.
#: Measured on the CPU with D = 256, 256 documents and 500 labels each: 100 to 190.
GATHER_COST = 128


def choose_scoring(
    num_labels: int,
    dim: int,
    batch: int = 256,
    shortlist: int = 500,
    num_clusters: int | None = None,
    memory_bytes: int | None = None,
    device: torch.device | str = "cpu",
    override: Scoring | Literal["auto"] = "auto",
) -> Scoring:
    """Chooses between scoring every label and scoring a shortlist.

    ``"all"`` if both hold:

    * *time*: ``L <= K + GATHER_COST * S``: scoring all labels of a document costs less than scoring K meta-labels
      and S gathered labels (a training step costs the labels it samples either way);
    * *memory*: weights, their gradient and two optimiser moments (``16 L D`` bytes) plus logits, their gradient
      and targets of a batch (``12 batch L`` bytes) take at most half of the memory.

    With the defaults the time rule allows up to about 85,000 labels.

    Args:
        num_labels: L.
        dim: D.
        batch: documents a step.
        shortlist: labels that would be shortlisted a document, S.
        num_clusters: meta-labels that would be scored, K; by default ``L / 4``.
        memory_bytes: memory of the device; by default its total, so that the choice is the same on every run.
        device: where the model lives; looked at only for its memory.
        override: ``"all"`` or ``"shortlist"`` to decide otherwise.
    """
    if override not in ("auto", "all", "shortlist"):
        raise ValueError(f"'override' must be 'auto', 'all' or 'shortlist', got {override!r}")
    if override != "auto":
        return override
    if memory_bytes is None:
        memory_bytes = _total_memory(torch.device(device))
    clusters = num_labels / 4 if num_clusters is None else num_clusters
    cost_all = float(num_labels)
    cost_shortlist = clusters + GATHER_COST * min(shortlist, num_labels)
    bytes_all = 16 * num_labels * dim + 12 * batch * num_labels
    choice: Scoring = "all" if cost_all <= cost_shortlist and 2 * bytes_all <= memory_bytes else "shortlist"
    logger.info(
        "scoring %s: cost of all labels %.3g, of a shortlist %.3g; all labels need %.2f GB of %.2f GB",
        choice,
        cost_all,
        cost_shortlist,
        bytes_all / 1e9,
        memory_bytes / 1e9,
    )
    return choice


def _total_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
