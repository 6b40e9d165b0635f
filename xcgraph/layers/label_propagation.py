"""One weighted hop over the label graph."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch_geometric import EdgeIndex
from torch_geometric.nn.conv import MessagePassing
from torch_geometric.typing import Adj, OptPairTensor, OptTensor, Size
from torch_geometric.utils import is_sparse

from xcgraph.sparse import CSR


class LabelPropagation(MessagePassing):
    r"""Carries label embeddings one hop over the label correlation graph (ECLARE, Mittal et al., WWW 2021).

    .. math::
        \mathbf{u}^{\prime}_l = (\mathbf{G} \mathbf{u})_l = \sum_{m \in \mathcal{N}(l)} g_{lm} \, \mathbf{u}_m

    It has no parameters and normalises nothing: edge weights come normalised. For every adjacency that it
    takes, the sum runs as a sparse product, so that no ``[E, D]`` message tensor is made, forward or backward,
    and gradients reach ``x`` and ``edge_weight``. (Only an aggregation other than the sum, or an explainer,
    makes messages.)

    Args:
        aggr: aggregation of :class:`torch_geometric.nn.conv.MessagePassing`.
        **kwargs: further arguments of :class:`torch_geometric.nn.conv.MessagePassing`.

    Shapes:
        - **inputs:** label features ``(L, D)``, or ``((L_src, D), (L_dst, *))`` if bipartite, where the target
          features give only their number and may be ``None``; edges ``(2, E)`` as a tensor in any order or an
          ``EdgeIndex``, or the transposed adjacency ``(L_dst, L_src)`` with its weights as values: a torch
          sparse tensor, a ``torch_sparse.SparseTensor`` or a :class:`xcgraph.sparse.CSR`; edge weights ``(E,)``
        - **output:** ``(L, D)``, or ``(L_dst, D)`` if bipartite
    """

    SUPPORTS_FUSED_EDGE_INDEX: Final[bool] = True

    def __init__(self, aggr: str = "sum", **kwargs) -> None:
        super().__init__(aggr=aggr, **kwargs)
        # PyG also fuses means and extrema; message_and_aggregate below knows sums only.
        if aggr not in ("sum", "add"):
            self.fuse = False

    def forward(
        self, x: Tensor | OptPairTensor, edge_index: Adj, edge_weight: OptTensor = None, size: Size = None
    ) -> Tensor:
        """Sums over the neighbours; the shapes are those of the class.

        Raises:
            ValueError: ``edge_weight`` beside a sparse adjacency, whose values are the weights; sizes do not
                fit.
        """
        if isinstance(x, Tensor):
            x = (x, x)
        if isinstance(edge_index, CSR):
            edge_index = edge_index.to_torch()
        if is_sparse(edge_index):
            if edge_weight is not None:
                raise ValueError("'edge_weight' must be None: the values of a sparse adjacency are its weights")
        elif self.fuse and not self.explain and not self._fuses(edge_index, size):
            return self._propagate_plain(x, edge_index, edge_weight, size)
        # propagate_type: (x: OptPairTensor, edge_weight: OptTensor)
        return self.propagate(edge_index, x=x, edge_weight=edge_weight, size=size)

    def _fuses(self, edge_index: Tensor, size: Size) -> bool:
        """Whether the edges come sorted by target, with all that PyG's fused path wants to know of them."""
        return (
            isinstance(edge_index, EdgeIndex)
            and edge_index.is_sorted_by_col
            and edge_index.num_rows is not None
            and edge_index.num_cols is not None
            and size is None
            and self.flow == "source_to_target"
        )

    def _propagate_plain(self, x: OptPairTensor, edge_index: Tensor, edge_weight: OptTensor, size: Size) -> Tensor:
        j, i = (0, 1) if self.flow == "source_to_target" else (1, 0)
        x_src, x_dst = x[j], x[i]
        if x_src is None:
            raise ValueError("the source features must not be None")
        num_src = x_src.size(0)
        num_dst = num_src if x_dst is None else x_dst.size(0)
        if size is not None:
            if size[j] not in (None, num_src) or (x_dst is not None and size[i] not in (None, num_dst)):
                raise ValueError(f"size {tuple(size)} does not fit {num_src} source and {num_dst} target rows")
            num_dst = num_dst if size[i] is None else size[i]
        if j == 1:
            edge_index = edge_index.flip(0)
        return CSR.from_edge_index(edge_index, edge_weight, (num_dst, num_src)).matmul(x_src)

    def message(self, x_j: Tensor, edge_weight: OptTensor) -> Tensor:
        return x_j if edge_weight is None else edge_weight.view(-1, 1) * x_j

    def message_and_aggregate(self, edge_index: Adj, x: OptPairTensor, edge_weight: OptTensor) -> Tensor:
        if isinstance(edge_index, EdgeIndex):
            shape = (edge_index.num_cols, edge_index.num_rows)
            (rowptr, col), perm = edge_index.get_csc()
            if edge_weight is None:
                edge_weight = torch.ones(col.size(0), device=col.device)
            elif perm is not None:
                edge_weight = edge_weight[perm]
            return CSR(rowptr.long(), col.long(), edge_weight, shape).matmul(x[0])
        return CSR.from_adj(edge_index).matmul(x[0])
