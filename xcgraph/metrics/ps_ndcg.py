"""Propensity-scored nDCG at k."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch_geometric.metrics.link_pred import LinkPredMetricData
from torch_geometric.utils import cumsum

from .ps_metric import PSMetric


class PSNDCG(PSMetric):
    r"""Propensity-scored nDCG at ``k`` over all documents, in ``[0, 1]``.

    :math:`\sum_i \text{DCG}^q_i(k) / \min(\text{IDCG}(|y_i|), \text{IDCG}(k))` with hits worth :math:`q`, divided
    by the same sum at the true labels ranked by :math:`q`. The inner denominators are those of the plain nDCG.
    """

    discount: Tensor
    idcg: Tensor

    def __init__(self, k: int, inverse_propensity: Tensor | np.ndarray) -> None:
        super().__init__(k, inverse_propensity)
        discount = torch.arange(2, k + 2, dtype=torch.float64).log2()
        self.register_buffer("discount", discount, persistent=False)
        self.register_buffer("idcg", cumsum(1.0 / discount), persistent=False)

    def _gain(self, data: LinkPredMetricData, value: Tensor, rank: Tensor | None, row: Tensor | None) -> Tensor:
        # A document without relevant labels has no hits: the clamp only keeps 0 / 0 away.
        idcg = self.idcg[data.label_count.clamp(min=1, max=self.k)]
        if rank is None or row is None:
            return ((value / self.discount[: value.size(1)]).sum(dim=1) / idcg).sum()
        return (value / self.discount[rank] / idcg[row]).sum()
