"""Several indexes whose probabilities are averaged."""

from __future__ import annotations

import numpy as np

from .clustered_labels import ClusteredLabels
from .frozen_beam_search import FrozenBeamSearch
from .frozen_expansion import best_labels
from .frozen_index import FrozenIndex
from .projected_labels import ProjectedLabels


class FrozenEnsemble:
    """The mean of several indexes' probabilities; a label that one does not list counts as zero there.

    See :class:`EnsembleRanker`.

    Args:
        members: at least two, of the same labels and tokens.
        depth: labels taken from each member.

    Raises:
        ValueError: if there are fewer, or of others.
    """

    def __init__(self, members: list[FrozenIndex], depth: int) -> None:
        if len(members) < 2 or depth < 1:
            raise ValueError(f"expected two members or more and a depth of 1 or more, got {len(members)}, {depth}")
        sizes = {(member.num_labels, member.num_tokens) for member in members}
        if len(sizes) != 1:
            raise ValueError(f"expected members of the same labels and tokens, got (L, V) of {sorted(sizes)}")
        self.members = members
        self.depth = depth

    @property
    def num_labels(self) -> int:
        """L."""
        return self.members[0].num_labels

    @property
    def num_tokens(self) -> int:
        """V."""
        return self.members[0].num_tokens

    @property
    def dtype(self) -> str:
        """Of label vectors."""
        return self.members[0].dtype

    @property
    def dim(self) -> int:
        """D, of each member."""
        return self.members[0].dim

    @property
    def shortlist(self) -> ProjectedLabels | ClusteredLabels | FrozenBeamSearch | None:
        """Of the first member; the others have one of its kind."""
        return self.members[0].shortlist

    @property
    def most(self) -> int | None:
        """See :attr:`FrozenIndex.most`."""
        return self.members[0].most

    def rank(
        self, ids: np.ndarray, weights: np.ndarray, k: int, exact: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`FrozenIndex.rank`; fewer than ``k`` where the members' shortlists hold no more."""
        k = min(k, self.num_labels)
        parts = [member.rank(ids, weights, max(k, self.depth), exact) for member in self.members]
        labels, place = np.unique(np.concatenate([labels for labels, _ in parts]), return_inverse=True)
        total = np.bincount(place, np.concatenate([score for _, score in parts]), len(labels))
        return best_labels(labels, (total / len(self.members)).astype(np.float32), k)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.members)} x {self.members[0]})"
