"""Naive dense forms of the layers. Dropout is left out: compare in evaluation mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from xcgraph.layers import SpectralLinear


def dense_adjacency(edge_index: Tensor, edge_weight: Tensor | None, num_dst: int, num_src: int) -> Tensor:
    """``G`` of shape ``[num_dst, num_src]``: row = target, column = source; repeated edges add up."""
    rows = [[0.0] * num_src for _ in range(num_dst)]
    weight = [1.0] * edge_index.size(1) if edge_weight is None else edge_weight.tolist()
    for (source, target), w in zip(edge_index.t().tolist(), weight, strict=True):
        rows[target][source] += w
    return torch.tensor(rows, dtype=torch.float64).view(num_dst, num_src)


def dense_propagation(
    x: Tensor, edge_index: Tensor, edge_weight: Tensor | None, num_dst: int | None = None
) -> Tensor:
    """``G x``, of shape ``[num_dst, D]``; for :class:`xcgraph.layers.LabelPropagation`."""
    num_dst = x.size(0) if num_dst is None else num_dst
    return (dense_adjacency(edge_index, edge_weight, num_dst, x.size(0)).to(x.device) @ x.double()).to(x.dtype)


def dense_bag(x: Tensor, table: Tensor) -> Tensor:
    """Sums of weighted rows of ``table`` ``[V, D]``, for text rows ``x`` ``[n, V]``."""
    out = torch.zeros(x.size(0), table.size(1), dtype=table.dtype, device=table.device)
    for i in range(x.size(0)):
        for t in range(x.size(1)):
            out[i] = out[i] + x[i, t].to(table.dtype) * table[t]
    return out


def effective_weight(linear: SpectralLinear) -> Tensor:
    """The matrix of a ``SpectralLinear``: its weight over the exact largest singular value."""
    original = linear.linear.parametrizations.weight.original.detach()
    return original / torch.linalg.matrix_norm(original, ord=2)


def dense_residual(v: Tensor, weight: Tensor, bias: Tensor, kappa: Tensor | float) -> Tensor:
    """ECLARE's block on ``v`` ``[n, D]``, ``weight`` being of spectral norm one."""
    return torch.stack([row + kappa * (weight @ row.clamp(min=0) + bias) for row in v])


def dense_gated_residual(v: Tensor, weight: Tensor, bias: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """DECAF's block on ``v`` ``[n, D]``, ``weight`` being of spectral norm one."""
    gate_v, gate_a = 1 / (1 + (-alpha).exp()), 1 / (1 + (-beta).exp())
    return torch.stack([gate_v * row + gate_a * (weight @ row.clamp(min=0) + bias) for row in v])


def dense_gated_combine(refinement: Tensor, text: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """DECAF's classifier vectors ``[n, D]``."""
    return refinement / (1 + (-alpha).exp()) + text / (1 + (-beta).exp())


def dense_gale_hops(x: Tensor, adjacency: Tensor, num_hops: int) -> Tensor:
    """``[x, G x, ..., G^k x]`` of shape ``[L, k + 1, D]``, by powers of the dense ``G``."""
    power = torch.eye(x.size(0), dtype=torch.float64)
    hops = []
    for _ in range(num_hops + 1):
        hops.append((power @ x.double()).to(x.dtype))
        power = adjacency.double() @ power
    return torch.stack(hops, dim=1)


def dense_attention(
    components: Tensor, transforms: list[Tensor], biases: list[Tensor], score: Tensor
) -> tuple[Tensor, Tensor]:
    """Label vectors ``[n, D]`` and weights ``[n, m]`` of components ``[n, m, D]``.

    Args:
        components: shape ``[n, m, D]``.
        transforms: m matrices ``[D, D]`` of spectral norm one.
        biases: m vectors ``[D]``.
        score: shape ``[m, m D]``, of spectral norm one.
    """
    vectors, weights = [], []
    for parts in components:
        h = torch.cat([w @ p.clamp(min=0) + b for p, w, b in zip(parts, transforms, biases, strict=True)])
        q = (score @ h).exp()
        omega = q / q.sum()
        weights.append(omega)
        vectors.append(sum((o * p for o, p in zip(omega, parts, strict=True)), torch.zeros_like(parts[0])))
    return torch.stack(vectors), torch.stack(weights)


def dense_shortlist_scores(x: Tensor, weight: Tensor, bias: Tensor | None, shortlist: Tensor) -> Tensor:
    """Logits ``[B, S]``, minus infinity where ``shortlist`` is negative."""
    out = torch.full(shortlist.shape, float("-inf"), dtype=x.dtype)
    for i, row in enumerate(shortlist.tolist()):
        for j, label in enumerate(row):
            if label >= 0:
                out[i, j] = (x[i] * weight[label]).sum() + (0.0 if bias is None else bias[label])
    return out


def dense_game(
    index: Tensor, score: Tensor, adjacency: Tensor, mix: float = 0.5, k: int | None = None
) -> tuple[Tensor, Tensor]:
    """Expanded predictions of :class:`xcgraph.layers.GAME`; ``adjacency`` is the dense ``G`` ``[L, L]``.

    A label of score zero counts as absent, so give positive scores and weights.
    """
    num_rows, beam = index.shape
    width = 2 * beam if k is None else k
    out_index = torch.full((num_rows, width), -1, dtype=index.dtype)
    out_score = torch.zeros(num_rows, width, dtype=score.dtype)
    for i in range(num_rows):
        p = [0.0] * adjacency.size(0)
        for label, s in zip(index[i].tolist(), score[i].tolist(), strict=True):
            if label >= 0:
                p[label] += s
        moved = [sum(p[a] * float(adjacency[a, b]) for a in range(len(p))) for b in range(len(p))]
        best = sorted((b for b in range(len(p)) if moved[b] > 0), key=lambda b: (-moved[b], b))[:beam]
        mixed = [(1 - mix) * p[b] + (mix * moved[b] if b in best else 0.0) for b in range(len(p))]
        order = sorted((b for b in range(len(p)) if mixed[b] > 0), key=lambda b: (-mixed[b], b))[:width]
        for j, label in enumerate(order):
            out_index[i, j], out_score[i, j] = label, mixed[label]
    return out_index, out_score
