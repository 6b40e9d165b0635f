"""Raw label embeddings for training steps, computed as seldom as training allows."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.models import LabelModel
from xcgraph.sparse import CSR


class LabelHops:
    """Hands a training step the hops of its labels.

    * ``"exact"``: embeds all labels and propagates over the whole graph in every step; the gradient reaches the
      token embeddings through both. For label sets that are scored whole, such as meta-labels.
    * ``"stale"``: embeds the step's own labels, and takes their neighbourhoods from a copy made at the start of
      the epoch, without gradient (historical embeddings, as in GNNAutoScale, Fey et al., ICML 2021). A step costs
      its labels, not L.
    * ``"frozen"``: token embeddings do not change, so that all hops are computed once.

    Args:
        model: whose token embeddings to use.
        label_x: label texts, ``[L, V]``.
        graph: normalised label graph, or ``None`` for models without hops over a graph.
        mode: see above.
    """

    def __init__(
        self,
        model: LabelModel,
        label_x: CSR,
        graph: Data | None,
        mode: Literal["exact", "stale", "frozen"],
    ) -> None:
        if model.num_hops and graph is None:
            raise ValueError(f"the model has {model.num_hops} hops over a label graph, but there is no graph")
        self.model = model
        self.label_x = label_x
        self.graph = graph
        self.mode = mode
        self._copy: Tensor | None = None

    def compute(self) -> Tensor:
        """All hops of all labels by the embeddings of now, shape ``[L, num_hops + 1, D]``."""
        if self.graph is None:
            return self.model.label_hops(self.label_x)
        return self.model.label_hops(self.label_x, self.graph.edge_index, self.graph.edge_weight)

    @torch.no_grad()
    def refresh(self) -> None:
        """Starts an epoch: renews the copy that ``"stale"`` and ``"frozen"`` work from."""
        if self.mode == "frozen" and self._copy is None:
            self._copy = self.compute()
        elif self.mode == "stale" and self.model.num_hops:
            self._copy = self.compute()[:, 1:].contiguous()

    def __call__(self, index: Tensor | None) -> Tensor:
        """Hops of labels ``index`` (``[n]``; ``None``: all), shape ``[n, num_hops + 1, D]``."""
        if self.mode == "exact":
            hops = self.compute()
            return hops if index is None else hops[index]
        if self.mode == "frozen":
            assert self._copy is not None, "refresh() comes first"
            return self._copy if index is None else self._copy[index]
        text = self.model.embedding(self.label_x if index is None else self.label_x.select_rows(index)).unsqueeze(
            1
        )
        if self._copy is None:
            return text
        return torch.cat([text, self._copy if index is None else self._copy[index]], dim=1)
