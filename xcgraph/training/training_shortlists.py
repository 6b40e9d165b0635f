"""Shortlists of the training documents: module III."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.inference import BeamSearch
from xcgraph.shortlist import rank_shortlist
from xcgraph.sparse import CSR


@torch.no_grad()
def training_shortlists(
    search: BeamSearch, doc_x: CSR, width: int | None = None, graph: Data | None = None, block: int = 1024
) -> Tensor:
    """Labels of the best clusters of each training document.

    Args:
        search: the shortlister.
        doc_x: training documents, ``[N, V]``.
        width: keep so many labels a document, those of the best clusters. ``None``: all.
        graph: label graph; each label is then replaced by the labels of its row (ECLARE).
        block: documents at a time.

    Returns:
        int32 ``[N, S]``, -1 where there are fewer.
    """
    # Pieces that are joined at the end would take the memory of the result twice.
    out = torch.empty(doc_x.shape[0], 0, dtype=torch.int32, device=doc_x.device)
    for rows in torch.arange(doc_x.shape[0], device=doc_x.device).split(block):
        index, score = search(doc_x.select_rows(rows))
        if width is not None:
            index, _ = rank_shortlist(index, score, min(width, index.size(1)))
        if graph is not None:
            index = with_neighbours(index, graph)
        if index.size(1) > out.size(1):  # seldom but for the first
            out = torch.nn.functional.pad(out, (0, index.size(1) - out.size(1)), value=-1)
        out[rows, : index.size(1)] = index.int()
    return out


def with_neighbours(index: Tensor, graph: Data) -> Tensor:
    """Replaces labels by the union of their rows of the graph, each label once.

    Args:
        index: shape ``[N, S]``, -1 for none.
        graph: label graph; rows are targets.

    Returns:
        Shape ``[N, S']``, ascending, padded with -1.
    """
    n = int(graph.num_nodes or 0)
    assert graph.edge_index is not None
    rows = CSR.from_coo(
        graph.edge_index[1], graph.edge_index[0], torch.ones(graph.num_edges, device=index.device), (n, n)
    )
    real = index >= 0
    document = torch.arange(index.size(0), device=index.device).unsqueeze(1).expand_as(index)[real]
    near = rows.select_rows(index[real])
    key = torch.unique(document[near.row()] * n + near.col)
    found = torch.div(key, n, rounding_mode="floor")
    counts = torch.bincount(found, minlength=index.size(0))
    out = index.new_full((index.size(0), int(counts.max()) if counts.numel() else 0), -1)
    position = torch.arange(key.numel(), device=index.device) - (counts.cumsum(0) - counts)[found]
    out[found, position] = key - found * n
    return out
