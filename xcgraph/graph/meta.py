"""The graph between clusters of labels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.sparse import CSR, ragged_arange
from xcgraph.transforms import FillSelfLoops, TopKEdges
from xcgraph.transforms.edges import edge_weight_of


def meta_graph(label_graph: Data, assignment: CSR | Tensor, num_meta: int | None = None, k: int = 10) -> Data:
    """The top ``k`` of each row of C G C^T, the meta-label graph of ECLARE (Mittal et al., WWW 2021).

    Args:
        label_graph: raw (not normalised) label graph G of L labels.
        assignment: cluster of each label, shape ``[L]``, int64; or the membership C, CSR of shape ``(K, L)``,
            where a label may be in several clusters, or none (its edges are left out).
        num_meta: K; taken from ``assignment`` when None.
        k: entries kept a row; the self loop is kept besides when it does not rank.

    Returns:
        A label graph of K meta-labels with raw weights and self loops, on the device of ``label_graph``.

    Raises:
        ValueError: if the shape of ``assignment`` or a cluster id does not fit.
    """
    edge_index, weight = label_graph.edge_index, edge_weight_of(label_graph)
    num_labels = int(label_graph.num_nodes)
    if isinstance(assignment, CSR):
        num_meta, found = num_meta or assignment.shape[0], assignment.shape[1]
    else:
        num_meta, found = num_meta or int(assignment.max()) + 1, assignment.numel()
    if found != num_labels:
        raise ValueError(f"expected an assignment of {num_labels} labels, got {found}")

    if isinstance(assignment, CSR):
        if assignment.shape[0] != num_meta:
            raise ValueError(f"expected a membership of {num_meta} clusters, got {assignment.shape[0]}")
        clusters_of = assignment.to(edge_index.device).transpose()
        for side in (0, 1):
            # Each edge is repeated once a cluster of its label on this side.
            label = edge_index[side]
            entry, edge = ragged_arange(clusters_of.rowptr[label], clusters_of.row_counts()[label])
            edge_index, weight = edge_index[:, edge], weight[edge] * clusters_of.value[entry]
            edge_index[side] = clusters_of.col[entry]
    else:
        if assignment.numel() and (int(assignment.min()) < 0 or int(assignment.max()) >= num_meta):
            raise ValueError(
                f"expected cluster ids from 0 to {num_meta - 1}, "
                f"got {int(assignment.min())} to {int(assignment.max())}"
            )
        edge_index = assignment.to(edge_index.device, torch.long)[edge_index]
    meta = Data(edge_index=edge_index, edge_weight=weight, num_nodes=num_meta)
    return FillSelfLoops(1.0)(TopKEdges(k)(meta))
