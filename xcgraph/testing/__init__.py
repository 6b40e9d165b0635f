"""Dense oracles, assertions and tiny data, for tests of this package and of layers built on it.

The oracles are loops and dense matrices on purpose: slow, and too plain to share a mistake with what they check.
"""

from .adjacency import adjacency_forms, assert_same_for_all_adjacencies
from .dense import (
    dense_adjacency,
    dense_attention,
    dense_bag,
    dense_gale_hops,
    dense_game,
    dense_gated_combine,
    dense_gated_residual,
    dense_propagation,
    dense_residual,
    dense_shortlist_scores,
    effective_weight,
)
from .inclusion import inclusion_probabilities
from .sampled import assert_is_sample
from .tiny import tiny_dataset, tiny_label_graph

__all__ = [
    "adjacency_forms",
    "assert_is_sample",
    "assert_same_for_all_adjacencies",
    "dense_adjacency",
    "dense_attention",
    "dense_bag",
    "dense_gale_hops",
    "dense_game",
    "dense_gated_combine",
    "dense_gated_residual",
    "dense_propagation",
    "dense_residual",
    "dense_shortlist_scores",
    "effective_weight",
    "inclusion_probabilities",
    "tiny_dataset",
    "tiny_label_graph",
]
