"""Which labels a batch of documents is trained against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from xcgraph.shortlist import merge_positives, sample_negatives, union_of
from xcgraph.sparse import CSR


@dataclass(frozen=True)
class Candidates:
    """Labels of one training step.

    Args:
        labels: the labels whose vectors are needed, ascending, shape ``[n]``; ``None`` for all.
        shortlist: rows of ``labels`` to score for each document, ``[B, S]``, -1 for none; ``None``: every document
            against all ``n``.
        target: 1 where relevant, ``[B, n]`` or ``[B, S]``.
        weight: how many labels each cell's label stands for in the loss, shape ``[n]``; ``None`` for one.
        ignored: (row, column) of cells that leave the loss, ``[2, M]``; ``None`` for none.
    """

    labels: Tensor | None
    shortlist: Tensor | None
    target: Tensor
    weight: Tensor | None
    ignored: Tensor | None = None


class CandidateSource(Protocol):
    """Anything that chooses labels for a batch."""

    def __call__(self, rows: Tensor, y: CSR, generator: torch.Generator) -> Candidates:
        """Candidates of documents ``rows`` (``[B]``), whose relevant labels are the rows of ``y`` (``[B, L]``)."""
        ...


def _targets(y: CSR, labels: Tensor | None) -> Tensor:
    """Rows of ``y`` as a dense block of columns ``labels`` (all relevant labels are among them)."""
    column = y.col if labels is None else torch.searchsorted(labels, y.col)
    target = torch.zeros(y.shape[0], y.shape[1] if labels is None else labels.numel(), device=y.device)
    target[y.row(), column] = 1.0
    return target


class AllLabels:
    """Every label, for every document: modules I and II over their meta-labels."""

    def __call__(self, rows: Tensor, y: CSR, generator: torch.Generator) -> Candidates:
        """See :class:`CandidateSource`."""
        return Candidates(None, None, _targets(y, None), None)


class SampledLabels:
    """All relevant labels of the batch, hard negatives of its documents, and uniform negatives for the rest.

    The uniform negatives stand for all labels that were not chosen, so that their part of the loss keeps its
    expectation; cost is that of the labels chosen, whatever L is.

    Args:
        num_uniform: uniform negatives a batch.
        shortlist: labels that are hard to tell from each document's own, int ``[N, S]``, -1 for none.
        per_document: how many of its shortlist to draw for a document.
        unknown: pairs ``[N, L]`` that are neither relevant nor irrelevant, such as those of the filter file; they
            leave the loss. A document and the label of the same text are such a pair: as negatives, they would
            teach that a label is not relevant where the texts agree.
    """

    def __init__(
        self,
        num_uniform: int,
        shortlist: Tensor | None = None,
        per_document: int = 0,
        unknown: CSR | None = None,
    ) -> None:
        self.num_uniform = num_uniform
        self.shortlist = shortlist
        self.per_document = per_document
        self.unknown = unknown

    def __call__(self, rows: Tensor, y: CSR, generator: torch.Generator) -> Candidates:
        """See :class:`CandidateSource`."""
        num_labels = y.shape[1]
        chosen = y.col
        if self.shortlist is not None:
            near = self.shortlist[rows]
            pick = torch.randint(
                near.size(1), (near.size(0), self.per_document), generator=generator, device=generator.device
            )
            near = near.gather(1, pick.to(near.device)).long()
            chosen = torch.cat([chosen, near[near >= 0]])
        chosen = torch.unique(chosen)
        if chosen.numel() + self.num_uniform >= num_labels:
            target = _targets(y, None)
            return Candidates(None, None, target, None, self._ignored(rows, None, target))
        uniform = sample_negatives(num_labels, (1, self.num_uniform), generator).view(-1).to(chosen.device)
        labels = torch.unique(torch.cat([chosen, uniform]))
        is_uniform = torch.ones(labels.numel(), dtype=torch.bool, device=labels.device)
        is_uniform[torch.searchsorted(labels, chosen)] = False
        # max: by chance every draw may already be chosen
        share = (num_labels - chosen.numel()) / is_uniform.sum().clamp(min=1)
        weight = torch.where(is_uniform, share, torch.ones_like(share))
        target = _targets(y, labels)
        return Candidates(labels, None, target, weight, self._ignored(rows, labels, target))

    def _ignored(self, rows: Tensor, labels: Tensor | None, target: Tensor) -> Tensor | None:
        """Cells of unknown pairs, other than those that are relevant after all."""
        if self.unknown is None:
            return None
        pairs = self.unknown.select_rows(rows)
        row, column = pairs.row(), pairs.col
        if labels is not None:
            found = torch.isin(column, labels)
            row, column = row[found], torch.searchsorted(labels, column[found])
        cells = torch.stack([row, column])
        return cells[:, target[row, column] == 0]


class Shortlisted:
    """Each document against its own shortlist only: module IV of the papers.

    Args:
        shortlist: int ``[N, S]``, -1 for none.
        keep_positives: put in the relevant labels that the shortlister missed. The official code does not, and a
            missed label then gets no gradient from that document.
    """

    def __init__(self, shortlist: Tensor, keep_positives: bool = False) -> None:
        self.shortlist = shortlist
        self.keep_positives = keep_positives

    def __call__(self, rows: Tensor, y: CSR, generator: torch.Generator) -> Candidates:
        """See :class:`CandidateSource`."""
        near = self.shortlist[rows].long()
        if self.keep_positives:
            near, target = merge_positives(near, y, extend=True)
        else:
            wanted = torch.sort(y.row() * y.shape[1] + y.col).values
            key = torch.arange(near.size(0), device=near.device).unsqueeze(1) * y.shape[1] + near
            target = (torch.isin(key, wanted) & (near >= 0)).float()
        labels, local = union_of(near)
        return Candidates(labels, local, target, None)
