"""Label graphs: builders that return ``torch_geometric.data.Data``, and what is computed from such graphs.

An edge points from a neighbour (``edge_index[0]``) to the label whose row of the graph G it is in
(``edge_index[1]``). Builders return raw weights; :class:`xcgraph.transforms.NormalizeEdges` scales them.
"""

from .base import LabelGraphBuilder, validate_label_graph
from .bipartite_walk import BipartiteWalk, bipartite_restart_walk
from .blend import BlendGraph
from .cooccurrence import CooccurrenceGraph
from .expected_walk import ExpectedWalk
from .meta import meta_graph
from .random_walk import RandomWalkGraph
from .statistics import graph_statistics
from .text_knn import TextKNNGraph

__all__ = [
    "BipartiteWalk",
    "BlendGraph",
    "CooccurrenceGraph",
    "ExpectedWalk",
    "LabelGraphBuilder",
    "RandomWalkGraph",
    "TextKNNGraph",
    "bipartite_restart_walk",
    "graph_statistics",
    "meta_graph",
    "validate_label_graph",
]
