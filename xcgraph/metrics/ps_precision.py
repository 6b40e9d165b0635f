"""Propensity-scored precision at k."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.metrics.link_pred import LinkPredMetricData

from .ps_metric import PSMetric


class PSPrecision(PSMetric):
    r"""Propensity-scored precision at ``k`` over all documents, in ``[0, 1]``.

    :math:`\sum_i \sum_{j \le k} q\,y` at the predicted labels, divided by the same sum at the true labels ranked
    by :math:`q` (the ``1/k`` and ``1/N`` of both averages cancel).
    """

    def _gain(self, data: LinkPredMetricData, value: Tensor, rank: Tensor | None, row: Tensor | None) -> Tensor:
        return value.sum(dtype=torch.float64)
