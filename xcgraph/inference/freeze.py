"""From a trained ranker to an index that answers single queries."""

from __future__ import annotations

from typing import Literal, get_args

import torch

from .clustered_labels import ClusteredLabels
from .frozen_beam_search import FrozenBeamSearch
from .frozen_encoder import FrozenEncoder
from .frozen_expansion import FrozenExpansion
from .frozen_index import CANDIDATES, FrozenIndex
from .label_ranker import LabelRanker
from .projected_labels import ProjectedLabels
from .row_matrix import Dtype, RowMatrix
from .token_postings import TokenPostings

Shortlist = Literal["auto", "none", "projection", "clusters"]
"""How an index finds the labels that it scores exactly."""

# Below, scoring all labels is as fast; above, a pass over all labels takes longer than a search in clusters.
_FEW_LABELS = 4096
_MANY_LABELS = 100_000
_DIMS = 48
# Labels scored exactly where all labels were scored approximately before; clusters miss some, see FrozenIndex.
_CANDIDATES = 200


def freeze(
    ranker: LabelRanker,
    dtype: Dtype = "float32",
    shortlist: Shortlist = "auto",
    min_weight: float = 0.0,
    dims: int = _DIMS,
    candidates: int | None = None,
    seed: int = 0,
) -> FrozenIndex:
    """Folds a ranker into a :class:`FrozenIndex`.

    Text, graph and refinement are in the ranker's label vectors already. Costs one or two passes over them for a
    projection, about a minute a million labels for clusters, and never anything quadratic in the labels. A ranker
    that was trained with a shortlister keeps it.

    Args:
        ranker: the trained model, or a member of it.
        dtype: of token embeddings and label vectors.
        shortlist: ``"none"``, ``"projection"``, ``"clusters"``; ``"auto"`` chooses by the number of labels,
            and is the only choice for a ranker with a shortlister of its own.
        min_weight: lexical weights of lesser magnitude are left out.
        dims: of a projection, and of what is clustered.
        candidates: labels a document that are scored exactly, of a shortlist; by default 200 of a projection, 400
            of clusters.
        seed: of projection and clusters.

    Raises:
        ValueError: if an option is out of range, or the ranker has a shortlister and another was asked for.
    """
    if shortlist not in get_args(Shortlist):
        raise ValueError(f"'shortlist' must be one of {list(get_args(Shortlist))}, got {shortlist!r}")
    if ranker.shortlister is not None and shortlist != "auto":
        raise ValueError(
            "this model was trained with a shortlist of its own and scores no other labels: "
            f"expected 'shortlist' to be 'auto', got {shortlist!r}"
        )
    if min_weight < 0:
        raise ValueError(f"'min_weight' must not be negative, got {min_weight}")
    for name, value in (("dims", dims), ("candidates", candidates)):
        if value is not None and value < 1:
            raise ValueError(f"'{name}' must be positive, got {value}")
    weight = ranker.weight.detach().cpu().float()
    num_labels = weight.size(0)
    search: FrozenBeamSearch | ProjectedLabels | ClusteredLabels | None = None
    if ranker.shortlister is not None:
        search = FrozenBeamSearch.freeze(ranker.shortlister, dtype)
    elif shortlist == "auto":
        shortlist = "none" if num_labels <= _FEW_LABELS else "projection"
        shortlist = "clusters" if num_labels > _MANY_LABELS else shortlist
    bias = torch.zeros(num_labels) if ranker.bias is None else ranker.bias.detach().cpu().float()
    mean = weight.mean(dim=0)
    if shortlist == "projection":
        search = ProjectedLabels.fit(weight, mean, dims, seed)
    elif shortlist == "clusters":
        search = ClusteredLabels.fit(weight, mean, bias, dims, seed)
    if candidates is None:
        candidates = _CANDIDATES if isinstance(search, ProjectedLabels) else CANDIDATES
    postings = None
    if ranker.lexical is not None:
        postings = TokenPostings.freeze(ranker.lexical.weight.to("cpu"), min_weight, dtype)
    return FrozenIndex(
        FrozenEncoder.freeze(ranker.token_encoder, dtype),
        RowMatrix.convert(weight, dtype, None if dtype == "float32" else mean),
        mean,
        bias,
        postings,
        search,
        FrozenExpansion.freeze(ranker.expansion),
        ranker.beam,
        ranker.link,
        candidates,
        ranker.reranker,
    )
