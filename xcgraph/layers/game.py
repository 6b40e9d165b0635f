"""Graph-assisted expansion of predictions."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.typing import Adj, OptTensor
from torch_geometric.utils import is_sparse

from xcgraph.sparse import CSR, ragged_arange, rowptr_from_sorted, segment_topk


class GAME(torch.nn.Module):
    r"""Lets predicted labels vouch for their neighbours (ECLARE, Mittal et al., WWW 2021).

    .. math::
        \mathbf{p}^{\prime} = (1 - \mu) \, \mathbf{p} + \mu \, \mathrm{top}_B \left( \mathbf{G}^{\top}
        \mathbf{p} \right)

    Row :math:`l` of :math:`\mathbf{G}` being the label where walks start, score moves from :math:`l` to the
    labels that its walks visit: against the direction of message passing. Scores are probabilities; absent
    labels have zero.

    Args:
        mix: :math:`\mu`.
        k: labels to return a document. ``None``: all, which is twice the input's width.
        max_entries: documents are taken in pieces whose expansion has at most so many entries (one document at
            least).

    Shapes:
        - **inputs:** labels ``(N, B)``, -1 where there is none; scores ``(N, B)``; graph as in
          :class:`LabelPropagation`
        - **outputs:** labels ``(N, W)``, -1 where there is none; scores ``(N, W)``, 0 there; best first, of
          equal scores the smaller label first; ``W = k`` or ``2 B``
    """

    def __init__(self, mix: float = 0.5, k: int | None = None, max_entries: int = 1 << 24) -> None:
        super().__init__()
        if not 0.0 <= mix <= 1.0:
            raise ValueError(f"'mix' must be between 0 and 1, got {mix}")
        if k is not None and k <= 0:
            raise ValueError(f"'k' must be positive, got {k}")
        self.mix = mix
        self.k = k
        self.max_entries = max_entries

    @torch.compiler.disable  # every size depends on the data: nothing for a compiler to gain
    def forward(
        self,
        index: Tensor,
        score: Tensor,
        edge_index: Adj,
        edge_weight: OptTensor = None,
        num_labels: int | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Expands predictions; the shapes are those of the class.

        Args:
            index: shape ``[N, B]``, integer.
            score: shape ``[N, B]``, not negative.
            edge_index: edges ``[2, E]``, ``EdgeIndex``, or the adjacency whose rows are walk starts (``adj_t``)
                as a :class:`xcgraph.sparse.CSR`, torch sparse tensor or ``torch_sparse.SparseTensor``.
            edge_weight: shape ``[E]``; of a sparse adjacency, the values count and this must be ``None``.
            num_labels: L; needed if the edges do not name the last label.
        """
        if index.shape != score.shape or index.dim() != 2:
            raise ValueError(
                f"'index' and 'score' must both have shape [N, B], got {list(index.shape)}, {list(score.shape)}"
            )
        graph = self._graph(index, edge_index, edge_weight, num_labels)
        width = self.k if self.k is not None else 2 * index.size(1)
        out_index = index.new_full((index.size(0), width), -1)
        out_score = [score.new_zeros(0, width)]
        for start, stop in self._pieces(index, graph):
            piece, value = self._expand(index[start:stop].long(), score[start:stop], graph, width)
            out_index[start:stop] = piece.to(index.dtype)
            out_score.append(value)
        return out_index, torch.cat(out_score)

    def _graph(self, index: Tensor, edge_index: Adj, edge_weight: OptTensor, num_labels: int | None) -> CSR:
        if isinstance(edge_index, CSR) or is_sparse(edge_index):
            if edge_weight is not None:
                raise ValueError("'edge_weight' must be None: the values of a sparse adjacency are its weights")
            graph = CSR.from_adj(edge_index)
        else:
            if num_labels is None:
                num_labels = max((int(t.max()) + 1 for t in (edge_index, index) if t.numel() > 0), default=0)
            graph = CSR.from_edge_index(edge_index, edge_weight, (num_labels, num_labels))
        if graph.shape[0] != graph.shape[1]:
            raise ValueError(f"the label graph must be square, got {graph.shape}")
        if index.numel() > 0 and int(index.max()) >= graph.shape[0]:
            raise ValueError(f"label {int(index.max())} is predicted, but the graph has {graph.shape[0]} labels")
        return graph

    def _pieces(self, index: Tensor, graph: CSR) -> list[tuple[int, int]]:
        """Ranges of documents that expand to at most ``max_entries`` entries."""
        if index.numel() == 0:
            return []
        degree = torch.cat([graph.row_counts(), graph.rowptr.new_zeros(1)])  # a zero for -1 to find
        cumulative = degree[index.long().clamp(min=-1)].sum(dim=1).cumsum(0).cpu()
        pieces, start, done = [], 0, 0
        while start < index.size(0):
            stop = int(torch.searchsorted(cumulative, done + self.max_entries, right=True))
            stop = min(max(stop, start + 1), index.size(0))
            pieces.append((start, stop))
            start, done = stop, int(cumulative[stop - 1])
        return pieces

    def _expand(self, index: Tensor, score: Tensor, graph: CSR, width: int) -> tuple[Tensor, Tensor]:
        num_rows, beam = index.shape
        row, slot = (index >= 0).nonzero(as_tuple=True)
        label, value = index[row, slot], score[row, slot]

        # 1. Score moves along the edges: one entry an edge of each predicted label.
        begin = graph.rowptr[label]
        edge, entry = ragged_arange(begin, graph.rowptr[label + 1] - begin)
        moved = value[entry] * graph.value[edge].to(value.dtype)
        to_row, to_label, to_value = _merge(row[entry], graph.col[edge], moved, graph.shape[1])

        # 2. The best B of them, mixed with what was predicted.
        keep = segment_topk(to_value, to_row, beam, num_rows)
        row, label, value = _merge(
            torch.cat([row, to_row[keep]]),
            torch.cat([label, to_label[keep]]),
            torch.cat([(1.0 - self.mix) * value, self.mix * to_value[keep]]),
            graph.shape[1],
        )

        # 3. Sorted and padded. Entries come ordered by label, and segment_topk keeps that order among equals.
        keep = segment_topk(value, row, width, num_rows)
        row, label, value = row[keep], label[keep], value[keep]
        rank = torch.arange(row.numel(), device=row.device) - rowptr_from_sorted(row, num_rows)[:-1][row]
        out_index = index.new_full((num_rows, width), -1)
        out_index[row, rank] = label
        return out_index, score.new_zeros(num_rows, width).index_put((row, rank), value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mix={self.mix}, k={self.k})"


def _merge(row: Tensor, label: Tensor, value: Tensor, num_labels: int) -> tuple[Tensor, Tensor, Tensor]:
    """Adds up entries of the same row and label; the outcome is sorted by both."""
    if row.numel() == 0:
        return row, label, value
    key, order = torch.sort(row * num_labels + label, stable=True)
    key, counts = torch.unique_consecutive(key, return_counts=True)
    # A sum over runs, not index_add: the same bits on every run, on CUDA too.
    total = torch.segment_reduce(value[order], "sum", lengths=counts)
    return key // num_labels, key % num_labels, total
