"""Which labels a document is trained against."""

from __future__ import annotations

import torch
from torch import Tensor

from xcgraph.sparse import CSR, rowptr_from_counts


def merge_positives(shortlist: Tensor, positive: CSR, extend: bool = False) -> tuple[Tensor, Tensor]:
    """Makes sure that every relevant label is in the shortlist, and says which are.

    Args:
        shortlist: shape ``[B, S]``, int64, best first, -1 for none, no label twice in a row.
        positive: relevant labels of the same documents, ``[B, L]``, no entry twice; values are not looked at.
        extend: append missed labels (S grows by the most that any row misses). By default the shape stays: a
            missed label takes an empty place, else that of the lowest-ranked label that is not relevant; where a
            row has more relevant labels than places, those with the highest ids are left out.

    Returns:
        ``(shortlist, target)``: int64 and float32 (1 where relevant), of shape ``[B, S]`` (or wider); target is
        0 where the shortlist is -1. Mask those places out of the loss.
    """
    if shortlist.dim() != 2 or shortlist.size(0) != positive.shape[0]:
        raise ValueError(f"expected a shortlist of {positive.shape[0]} rows, got shape {tuple(shortlist.shape)}")
    base = positive.shape[1] + 1  # one more than L: a shifted -1 has a key of its own
    row = torch.arange(shortlist.size(0), device=shortlist.device)
    key = row.unsqueeze(1) * base + shortlist + 1
    wanted = torch.sort(positive.row() * base + positive.col + 1).values
    hit = _contains(wanted, key)

    missed = wanted[~_contains(torch.sort(key.view(-1)).values, wanted)]
    missed_row = torch.div(missed, base, rounding_mode="floor")
    missed_label = missed - missed_row * base - 1
    count = torch.bincount(missed_row, minlength=shortlist.size(0))
    rank = torch.arange(missed.numel(), device=missed.device) - rowptr_from_counts(count)[missed_row]

    target = hit.float()
    if extend:
        width = shortlist.size(1)
        wider = (0, int(count.max()) if count.numel() else 0)
        shortlist = torch.nn.functional.pad(shortlist, wider, value=-1)
        target = torch.nn.functional.pad(target, wider)
        column = width + rank
    else:
        # Places in the order in which they are given away: empty ones, then from the back; relevant ones never.
        width = shortlist.size(1)
        place = torch.arange(width, device=shortlist.device).expand_as(shortlist)
        order = torch.where(shortlist < 0, place - width, width - place).masked_fill(hit, 2 * width)
        order = order.argsort(dim=1)
        fits = rank < (~hit).sum(dim=1)[missed_row]
        missed_row, missed_label, rank = missed_row[fits], missed_label[fits], rank[fits]
        column = order[missed_row, rank]
        shortlist = shortlist.clone()
    shortlist[missed_row, column] = missed_label
    target[missed_row, column] = 1.0
    return shortlist, target


def sample_negatives(
    num_labels: int,
    shape: tuple[int, int],
    generator: torch.Generator | None = None,
    positive: CSR | None = None,
) -> Tensor:
    """Labels drawn uniformly, with replacement.

    Args:
        num_labels: L.
        shape: ``(B, S)``.
        generator: source of randomness; the labels are on its device.
        positive: relevant labels ``[B, L]`` on the same device; those drawn become -1.

    Returns:
        Shape ``[B, S]``, int64. See :func:`mask_repeats` for joining them to a shortlist.
    """
    device = generator.device if generator is not None else "cpu"
    label = torch.randint(num_labels, shape, generator=generator, device=device)
    if positive is None:
        return label
    row = torch.arange(shape[0], device=label.device).unsqueeze(1)
    wanted = torch.sort(positive.row() * num_labels + positive.col).values
    return label.masked_fill(_contains(wanted, row * num_labels + label), -1)


def mask_repeats(shortlist: Tensor) -> Tensor:
    """Sets a label's second and later places in a row to -1, so that it counts once in the loss.

    Args:
        shortlist: shape ``[B, S]``, int64, -1 for none.
    """
    label, order = shortlist.sort(dim=1, stable=True)  # stable: the first place comes first
    repeated = torch.zeros_like(label, dtype=torch.bool)
    repeated[:, 1:] = label[:, 1:] == label[:, :-1]
    return torch.empty_like(shortlist).scatter_(1, order, label.masked_fill(repeated, -1))


def union_of(shortlist: Tensor) -> tuple[Tensor, Tensor]:
    """The labels that a batch needs, and the shortlist in terms of them.

    Args:
        shortlist: shape ``[B, S]``, int64, -1 for none.

    Returns:
        ``(labels, local)``: the distinct labels, ascending, shape ``[n]``; and positions in them, shape
        ``[B, S]``, with ``labels[local] == shortlist``. -1 stays -1: a pad mapped to position 0 would train
        the lowest label of every batch on documents that never listed it.
    """
    labels, local = torch.unique(shortlist, return_inverse=True)
    if labels.numel() > 0 and int(labels[0]) < 0:
        labels, local = labels[1:], local - 1
    return labels, local


def _contains(ordered: Tensor, key: Tensor) -> Tensor:
    """Whether each key is among the ordered ones."""
    if ordered.numel() == 0:
        return torch.zeros_like(key, dtype=torch.bool)
    found = torch.searchsorted(ordered, key).clamp_max(ordered.numel() - 1)
    return ordered[found] == key
