"""Raw label embeddings for training steps, computed as seldom as training allows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.sampler import NodeSamplerInput

from xcgraph.models import LabelModel
from xcgraph.sampler import LabelNeighborSampler
from xcgraph.shortlist.label_centroids import as_csr
from xcgraph.sparse import CSR

from .hop_columns import HopColumns

HopMode = Literal["exact", "stale", "frozen", "sampled"]


class LabelHops:
    """Hands a training step the hops of its labels.

    * ``"exact"``: embeds all labels and propagates over the whole graph in every step; the gradient reaches the
      token embeddings through both. For label sets that are scored whole, such as meta-labels.
    * ``"stale"``: embeds the step's own labels, and takes their neighbourhoods from a copy made at the start of
      the epoch, without gradient (historical embeddings, as in GNNAutoScale, Fey et al., ICML 2021). A step costs
      its labels, not L; the copy ``L x num_hops x D`` numbers.
    * ``"frozen"``: token embeddings do not change, so that all hops are computed once, into memory or a file.
    * ``"sampled"``: embeds the step's labels and up to ``fan_out`` neighbours of each, drawn uniformly, hop by
      hop; the gradient reaches the tokens of the neighbours too. Where n of m neighbours are drawn, their weights
      are multiplied by m / n, so that the first hop is right in expectation. With a fan-out of at least the
      largest degree it is ``"exact"``, at the cost of the step's labels and their neighbours. Nothing of size L is
      computed or kept.

    Args:
        model: whose token embeddings to use.
        label_x: label texts, ``[L, V]``.
        graph: normalised label graph, or ``None`` for models without hops over a graph.
        mode: see above.
        fan_out: see above; ``sampled`` alone.
        folder: where ``frozen`` keeps its hops, see :meth:`HopColumns.compute_to`; ``None`` for memory.
    """

    def __init__(
        self,
        model: LabelModel,
        label_x: CSR,
        graph: Data | None,
        mode: HopMode,
        fan_out: int = 11,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        if model.num_hops and graph is None:
            raise ValueError(f"the model has {model.num_hops} hops over a label graph, but there is no graph")
        self.model = model
        self.label_x = label_x
        self.graph = graph
        self.mode = mode
        self.folder = folder
        self._copy: Tensor | None = None
        self._sampler: LabelNeighborSampler | None = None
        if mode == "sampled" and model.num_hops:
            assert graph is not None
            self._sampler = LabelNeighborSampler(graph, [fan_out] * model.num_hops)

    def compute(self) -> Tensor:
        """All hops of all labels by the embeddings of now, shape ``[L, num_hops + 1, D]``, with gradient."""
        if self.graph is None:
            return self.model.label_hops(self.label_x)
        return self.model.label_hops(self.label_x, self.graph.edge_index, self.graph.edge_weight)

    @torch.no_grad()
    def refresh(self) -> None:
        """Starts an epoch: renews the copy that ``"stale"`` and ``"frozen"`` work from."""
        if self.mode == "frozen" and self._copy is None:
            columns = self._columns()
            self._copy = columns.compute() if self.folder is None else columns.compute_to(self.folder)
        elif self.mode == "stale" and self.model.num_hops:
            self._copy = self._columns().compute(first_hop=1, out=self._copy)

    def __call__(self, index: Tensor | None) -> Tensor:
        """Hops of labels ``index`` (``[n]``; ``None``: all), shape ``[n, num_hops + 1, D]``."""
        if self.mode == "exact":
            hops = self.compute()
            return hops if index is None else hops[index]
        if self.mode == "frozen":
            assert self._copy is not None, "refresh() comes first"
            return self._stored(index)
        if self._sampler is not None:
            if index is None:
                index = torch.arange(self.label_x.shape[0], device=self.label_x.device)
            return self._sampled(index, self._sampler)
        text = self._text(index).unsqueeze(1)
        return text if self._copy is None else torch.cat([text, self._stored(index)], dim=1)

    @torch.no_grad()
    def blocks(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Exact hops of all labels by the embeddings of now, a block of labels at a time, without gradient.

        ``"stale"`` renews its copy on the way, and ``"sampled"`` gathers whole neighbourhoods of a block, so that
        neither holds all hops besides.

        Yields:
            ``(index [n], hops [n, num_hops + 1, D])``, ascending.
        """
        whole = None
        if self._sampler is not None:
            assert self.graph is not None
            whole = LabelNeighborSampler(self.graph, [-1] * self.model.num_hops)
        propagated = None
        if self.mode == "exact" and self.model.num_hops:
            propagated = self._columns().compute(first_hop=1)
        self.refresh()
        for index in torch.arange(self.label_x.shape[0], device=self.label_x.device).split(size):
            if whole is not None:
                yield index, self._sampled(index, whole)
            elif propagated is not None:
                yield index, torch.cat([self._text(index).unsqueeze(1), propagated[index]], dim=1)
            else:
                yield index, self._text(index).unsqueeze(1) if self.mode == "exact" else self(index)

    @torch.no_grad()
    def last(self) -> Tensor:
        """The farthest hop of all labels by the embeddings of now, shape ``[L, D]``, without gradient."""
        if self.mode == "frozen":
            self.refresh()
            return self._stored(None)[:, -1]
        return self._columns().compute(first_hop=self.model.num_hops)[:, 0]

    def _columns(self) -> HopColumns:
        adjacency = None
        if self.graph is not None and self.model.num_hops:
            adjacency = as_csr(self.graph, self.label_x.shape[0])
        return HopColumns(self.model.embedding.weight, self.label_x, adjacency, self.model.num_hops)

    def _text(self, index: Tensor | None) -> Tensor:
        return self.model.embedding(self.label_x if index is None else self.label_x.select_rows(index))

    def _stored(self, index: Tensor | None) -> Tensor:
        assert self._copy is not None
        # index_select copies whole rows; indexing by [] takes five times as long on the CPU.
        rows = self._copy if index is None else self._copy.index_select(0, index.to(self._copy.device))
        return rows.to(self.label_x.device)

    def _sampled(self, index: Tensor, sampler: LabelNeighborSampler) -> Tensor:
        assert self.graph is not None and self.graph.edge_weight is not None
        out = sampler.sample_from_nodes(NodeSamplerInput(input_id=None, node=index))
        assert out.num_sampled_nodes is not None and out.num_sampled_edges is not None
        # Degrees of the nodes whose neighbours were drawn: those that the edges point to.
        drawn = torch.bincount(out.col, minlength=out.node.numel())
        _, degree = sampler.csc.rows(out.node)
        scale = degree / drawn.clamp(min=1)
        weight = self.graph.edge_weight[out.edge] * scale[out.col].to(self.graph.edge_weight.dtype)
        return self.model.label_blocks.propagate_hops(
            self._text(out.node),
            torch.stack([out.row, out.col]),
            weight,
            index.numel(),
            list(out.num_sampled_nodes),
            list(out.num_sampled_edges),
        )
