"""Propensity-scored metrics: a ratio of two averages."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch_geometric.metrics.link_pred import LinkPredMetricData

from .xc_metric import XCMetric


class PSMetric(XCMetric):
    """Base of propensity-scored metrics: what the predictions gain over what the best possible ranking gains.

    A hit on label ``l`` is worth its inverse propensity ``q_l``. Both gains are summed over all documents
    before they are divided (Jain, Prabhu and Varma, KDD 2016, as the published benchmark tables compute it), so
    the value is a ratio of two averages, not an average of ratios.

    Args:
        k: how many predictions a document count.
        inverse_propensity: ``q``, shape ``[L]``, positive; see :func:`xcgraph.metrics.inverse_propensity`.
    """

    inverse_propensity: Tensor

    def __init__(self, k: int, inverse_propensity: Tensor | np.ndarray) -> None:
        super().__init__(k)
        self.weighted = True
        q = torch.as_tensor(inverse_propensity)
        if q.dim() != 1 or not bool((q > 0).all()):
            raise ValueError(
                f"'inverse_propensity' must be a vector of positive values, got shape {tuple(q.shape)}"
            )
        self.register_buffer("inverse_propensity", q, persistent=False)

    def update(
        self,
        pred_index_mat: Tensor,
        edge_label_index: Tensor | tuple[Tensor, Tensor],
        edge_label_weight: Tensor | None = None,
    ) -> None:
        """Adds a batch of documents; the weights come from the inverse propensities, others are ignored."""
        super().update(pred_index_mat, edge_label_index, self.inverse_propensity[edge_label_index[1]])

    def _update(self, data: LinkPredMetricData) -> None:
        weight, rank = data.edge_label_weight, data.edge_label_weight_pos
        assert weight is not None and rank is not None
        kept = rank < self.k
        document = data.edge_label_index[0][kept]
        self.accum += self._gain(data, data.pred_rel_mat[:, : self.k], None, None)
        self.total += self._gain(data, weight[kept], rank[kept], document)

    def _gain(self, data: LinkPredMetricData, value: Tensor, rank: Tensor | None, row: Tensor | None) -> Tensor:
        """Sum over all documents.

        ``value`` is ``[N, k']`` in order of rank, or ``[M]`` with its rank (from 0) and its document ``row``.
        """
        raise NotImplementedError

    def _compute(self, data: LinkPredMetricData) -> Tensor:
        raise NotImplementedError(f"'{type(self).__name__}' has no value per document: it is a ratio of sums")
