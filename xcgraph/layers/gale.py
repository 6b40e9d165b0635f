"""Graph-augmented label embeddings."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch_geometric.typing import Adj, OptPairTensor, OptTensor
from torch_geometric.utils import trim_to_layer

from .gated_residual_block import GatedResidualBlock
from .label_propagation import LabelPropagation
from .residual_block import ResidualBlock

_RESIDUALS: dict[str | None, Callable[[int, float], torch.nn.Module]] = {
    "eclare": ResidualBlock,
    "decaf": GatedResidualBlock,
    None: lambda dim, dropout: torch.nn.Identity(),
}


class GALE(torch.nn.Module):
    r"""Graph-augmented label embeddings of ECLARE (Mittal et al., WWW 2021).

    .. math::
        \mathbf{a}_{l,h} = R_h \left( (\mathbf{G}^h \mathbf{u})_l \right), \qquad h = 0, \dots, k

    The graph acts on the raw text embeddings :math:`\mathbf{u}`; each hop has a residual block :math:`R_h` of
    its own. Hop 0 is the label's own text. ECLARE has one hop; the label text of DECAF is
    ``num_hops=0, residual="decaf"``.

    Args:
        dim: size of the embeddings, D.
        num_hops: k.
        residual: ``"eclare"``, ``"decaf"``, ``None`` for none, or a function ``(dim, dropout) -> Module``.
        dropout: probability of dropping a coordinate within the blocks.
        **kwargs: further arguments of :class:`LabelPropagation`.

    Shapes:
        - **inputs:** label features ``(L, D)`` or, for one hop, ``((L_src, D), (L_dst, D))``; edges and weights
          as in :class:`LabelPropagation`
        - **output:** ``(L, k + 1, D)``, what :class:`LabelAttention` takes
    """

    def __init__(
        self,
        dim: int,
        num_hops: int = 1,
        residual: str | Callable[[int, float], torch.nn.Module] | None = "eclare",
        dropout: float = 0.2,
        **kwargs,
    ) -> None:
        super().__init__()
        if num_hops < 0:
            raise ValueError(f"'num_hops' must not be negative, got {num_hops}")
        if not callable(residual) and residual not in _RESIDUALS:
            raise ValueError(f"'residual' must be 'eclare', 'decaf', None or a function, got {residual!r}")
        make = residual if callable(residual) else _RESIDUALS[residual]
        self.dim = dim
        self.num_hops = num_hops
        self.propagation = LabelPropagation(**kwargs)
        self.blocks = torch.nn.ModuleList(make(dim, dropout) for _ in range(num_hops + 1))

    def reset_parameters(self) -> None:
        """Resets every block."""
        for block in self.blocks:
            if hasattr(block, "reset_parameters"):
                block.reset_parameters()  # type: ignore[operator]

    def forward(
        self,
        x: Tensor | OptPairTensor,
        edge_index: Adj,
        edge_weight: OptTensor = None,
        num_seeds: int | None = None,
        num_sampled_nodes: list[int] | None = None,
        num_sampled_edges: list[int] | None = None,
    ) -> Tensor:
        """Embeds the labels of a graph, or the seeds of a sampled one.

        Args:
            x: shape ``[L, D]``, raw text embeddings; of a sampled sub-graph, seeds first.
            edge_index: see :class:`LabelPropagation`.
            edge_weight: shape ``[E]``.
            num_seeds: return these first rows only (``batch_size`` of a PyG loader's batch).
            num_sampled_nodes: nodes a hop, as PyG's loaders give them; hops then pass over only the nodes they
                need.
            num_sampled_edges: edges a hop, likewise.

        Returns:
            Shape ``[L, k + 1, D]``, or ``[num_seeds, k + 1, D]``.
        """
        return self.forward_hops(
            self.propagate_hops(x, edge_index, edge_weight, num_seeds, num_sampled_nodes, num_sampled_edges)
        )

    def propagate_hops(
        self,
        x: Tensor | OptPairTensor,
        edge_index: Adj,
        edge_weight: OptTensor = None,
        num_seeds: int | None = None,
        num_sampled_nodes: list[int] | None = None,
        num_sampled_edges: list[int] | None = None,
    ) -> Tensor:
        """The part without parameters, ``[u, G u, ..., G^k u]``, of the same shape as :meth:`forward`'s.

        With frozen token embeddings this is computed once, and batches gather rows of it for
        :meth:`forward_hops`.
        """
        if not isinstance(x, Tensor):
            if self.num_hops > 1:
                raise ValueError(f"bipartite features allow one hop, not {self.num_hops}: there is no way back")
            if x[1] is None:
                raise ValueError("hop 0 needs the features of the target labels, got None")
            hops = [x[1]] + [self.propagation(x, edge_index, edge_weight) for _ in range(self.num_hops)]
            return torch.stack([hop[:num_seeds] for hop in hops], dim=1)
        if (num_sampled_nodes is None) != (num_sampled_edges is None):
            raise ValueError("'num_sampled_nodes' and 'num_sampled_edges' go together")
        hops = [x[:num_seeds]]
        for h in range(self.num_hops):
            if num_sampled_nodes is not None and num_sampled_edges is not None:
                x, edge_index, edge_weight = trim_to_layer(
                    h, num_sampled_nodes, num_sampled_edges, x, edge_index, edge_weight
                )
            x = self.propagation(x, edge_index, edge_weight)
            hops.append(x[:num_seeds])
        return torch.stack(hops, dim=1)

    def forward_hops(self, hops: Tensor) -> Tensor:
        """Applies the blocks to propagated hops of any labels, shape ``[n, k + 1, D]``; same shape out."""
        if hops.dim() != 3 or hops.size(1) != self.num_hops + 1:
            raise ValueError(
                f"'hops' must have shape [n, {self.num_hops + 1}, {self.dim}], got {list(hops.shape)}"
            )
        return torch.stack([block(hops[:, h]) for h, block in enumerate(self.blocks)], dim=1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dim}, num_hops={self.num_hops}, block={self.blocks[0]})"
