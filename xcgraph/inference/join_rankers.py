"""Several models as one: the mean of their logits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .document_encoder import DocumentEncoder
from .joined_encoder import JoinedEncoder
from .label_parts import LabelParts
from .label_ranker import LabelRanker


def join_rankers(members: Sequence[LabelRanker], known: Sequence[Tensor | None] | None = None) -> LabelRanker:
    """One ranker whose logits are the mean of its members'.

    A mean of logits, unlike one of probabilities, stays a single product with one row a label. What the members
    have besides encoders and label vectors (expansion, link) is taken from the last one.

    Args:
        members: rankers of the same labels that score all of them, without lexical scores of their own.
        known: for each member, which labels it was trained on, bool ``[L]``; ``None`` for all. The mean for a
            label is over the members that know it.

    Raises:
        ValueError: if there is no member, or one shortlists.
    """
    if not members:
        raise ValueError("expected at least one ranker, got none")
    if any(member.shortlister is not None or member.lexical is not None for member in members):
        raise ValueError("only rankers that score all labels, by label vectors alone, can be joined")
    if len(members) == 1:
        return members[0]
    first = members[0].weight
    share = torch.ones(len(members), first.size(0), device=first.device)
    for number, mask in enumerate(known or ()):
        if mask is not None:
            share[number] = mask.to(share)
    share = share / share.sum(dim=0).clamp(min=1)
    encoders: list[DocumentEncoder] = []
    for member in members:
        assert isinstance(member.encoder, DocumentEncoder)
        encoders.append(member.encoder)
    weight = torch.cat([part.unsqueeze(1) * member.weight for part, member in zip(share, members, strict=True)], 1)
    bias = None
    if members[0].bias is not None:
        bias = sum(part * member.bias for part, member in zip(share, members, strict=True))
    parts = [member.parts for member in members if member.parts is not None]
    joined = None
    if len(parts) == len(members):
        joined = LabelParts(parts[0].text, [composer for part in parts for composer in part.composers], share)
    last = members[-1]
    return LabelRanker(
        JoinedEncoder(encoders), weight, bias, None, last.expansion, last.beam, last.link, parts=joined
    )
