"""What must hold of a sampled neighbourhood."""

from __future__ import annotations

import torch
from torch_geometric.data import Data
from torch_geometric.sampler import SamplerOutput


def assert_is_sample(
    data: Data,
    seeds: list[int],
    num_neighbors: list[int],
    out: SamplerOutput,
    replace: bool = False,
    disjoint: bool = False,
) -> None:
    """Asserts what holds of every directional sample, whatever was drawn.

    Args:
        data: the graph.
        seeds: ids of the seeds.
        num_neighbors: fan-out of each hop.
        out: what the sampler returned; edges of weight zero are taken for edges like others.
        replace: whether edges were drawn with replacement.
        disjoint: whether each seed has a subgraph of its own.
    """
    assert data.edge_index is not None and data.num_nodes is not None
    assert out.edge is not None and out.num_sampled_nodes is not None and out.num_sampled_edges is not None
    edge_index = data.edge_index.cpu()
    node, row, col, edge = out.node.cpu(), out.row.cpu(), out.col.cpu(), out.edge.cpu()
    assert all(t.dtype == torch.long for t in (node, row, col, edge))
    assert node[: len(seeds)].tolist() == seeds
    # The edges exist, with the ids they have in the graph.
    assert torch.stack([node[row], node[col]]).equal(edge_index[:, edge])
    # Nodes and edges come by hop, edges by target, and those of a hop point to the nodes of the hop before.
    assert sum(out.num_sampled_nodes) == node.numel() and sum(out.num_sampled_edges) == edge.numel()
    assert len(out.num_sampled_nodes) == len(num_neighbors) + 1 and out.num_sampled_nodes[0] == len(seeds)
    assert (col.diff() >= 0).all()
    in_degree = edge_index[1].bincount(minlength=data.num_nodes)
    first_node = first_edge = 0
    for h, k in enumerate(num_neighbors):
        last_node, last_edge = first_node + out.num_sampled_nodes[h], first_edge + out.num_sampled_edges[h]
        degree = in_degree[node[first_node:last_node]]
        expected = degree if k < 0 else ((degree > 0) * k if replace else degree.clamp(max=k))
        targets = col[first_edge:last_edge]
        assert (targets - first_node).bincount(minlength=last_node - first_node).equal(expected)
        # New nodes are heard by this hop, and are of it.
        sources = row[first_edge:last_edge].unique()
        new = torch.arange(last_node, last_node + out.num_sampled_nodes[h + 1])
        assert torch.isin(new, sources).all() and (sources < last_node + new.numel()).all()
        first_node, first_edge = last_node, last_edge
    if not replace:
        assert torch.stack([row, col]).unique(dim=1).size(1) == row.numel()
    # A node is there once, except that equal seeds each have a place of their own.
    assert (out.batch is not None) == disjoint
    owner = torch.zeros_like(node) if out.batch is None else out.batch.cpu()
    pair = owner * data.num_nodes + node
    assert pair.unique().numel() + len(seeds) - pair[: len(seeds)].unique().numel() == node.numel()
    if disjoint:
        assert owner[: len(seeds)].equal(torch.arange(len(seeds)))
        assert owner[row].equal(owner[col])
