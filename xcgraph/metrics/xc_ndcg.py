"""Normalised discounted cumulative gain at k."""

from __future__ import annotations

from torch_geometric.metrics import LinkPredNDCG

from .xc_metric import XCMetric


class XCNDCG(XCMetric, LinkPredNDCG):
    r"""nDCG at ``k`` over all documents, in ``[0, 1]``.

    :math:`\frac1N \sum_i \text{DCG}_i(k) / \min(\text{IDCG}(|y_i|), \text{IDCG}(k))` with
    :math:`\text{DCG}_i(k) = \sum_{j \le k} y_{i, \pi_i(j)} / \log_2(j + 1)` and
    :math:`\text{IDCG}(m) = \sum_{j \le m} 1 / \log_2(j + 1)`; a document without relevant labels adds 0.
    """
