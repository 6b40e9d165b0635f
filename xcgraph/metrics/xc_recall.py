"""Recall at k."""

from __future__ import annotations

from torch_geometric.metrics import LinkPredRecall

from .xc_metric import XCMetric


class XCRecall(XCMetric, LinkPredRecall):
    r"""Recall at ``k`` over all documents, in ``[0, 1]``.

    :math:`\frac1N \sum_i \text{hits}_i(k) / \max(|y_i|, 1)`; a document without relevant labels adds 0.
    """

    def __init__(self, k: int) -> None:
        super().__init__(k)
        self.weighted = False
