"""Precision at k."""

from __future__ import annotations

from torch_geometric.metrics import LinkPredPrecision

from .xc_metric import XCMetric


class XCPrecision(XCMetric, LinkPredPrecision):
    r"""Precision at ``k`` over all documents, in ``[0, 1]``.

    :math:`\frac1N \sum_i \frac1k \sum_{j \le k} y_{i, \pi_i(j)}`: always divided by ``k``, also when a document
    has fewer relevant labels or fewer predictions.
    """
