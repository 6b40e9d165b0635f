"""Small transforms of label graphs.

They act on ``Data(edge_index, edge_weight, num_nodes)``. An edge points from a neighbour (``edge_index[0]``, a
column of the label graph G) to the label whose row of G holds it (``edge_index[1]``), so that summing messages
computes ``G x``.
"""

from .fill_self_loops import FillSelfLoops
from .isolate_head_labels import IsolateHeadLabels
from .normalize_edges import NormalizeEdges
from .prune_by_text import PruneByText
from .top_k_edges import TopKEdges

__all__ = ["FillSelfLoops", "IsolateHeadLabels", "NormalizeEdges", "PruneByText", "TopKEdges"]
