"""From a document to a few candidate labels: balanced clusters, beams, nearest neighbours, training negatives."""

from .ann import ANNShortlist
from .balanced_kmeans import BalancedKMeans
from .beam import combine_scores, rank_shortlist, top_beam
from .cluster_index import ClusterIndex
from .cluster_shortlist import ClusterShortlist
from .label_centroids import dense_centroids, project, projected_centroids, sparse_centroids, unit_centroids
from .negatives import mask_repeats, merge_positives, sample_negatives, union_of
from .policy import choose_scoring
from .shortlister import Shortlister

__all__ = [
    "ANNShortlist",
    "BalancedKMeans",
    "ClusterIndex",
    "ClusterShortlist",
    "Shortlister",
    "choose_scoring",
    "combine_scores",
    "dense_centroids",
    "mask_repeats",
    "merge_positives",
    "project",
    "projected_centroids",
    "rank_shortlist",
    "sample_negatives",
    "sparse_centroids",
    "top_beam",
    "union_of",
    "unit_centroids",
]
