"""The averaging convention of extreme classification, as a base of PyG link prediction metrics."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.metrics.link_pred import WITH_TORCHMETRICS, LinkPredMetric, LinkPredMetricData


class XCMetric(LinkPredMetric):
    """Base of metrics that average over *all* documents, those without a relevant label included.

    PyG's link prediction metrics divide by the number of rows that have a relevant item; the extreme
    classification convention divides by the number of rows. Sums are kept in double precision. A prediction of
    -1 means "nothing predicted at this rank" and counts as wrong.

    The metrics update like PyG's: ``update(pred_index_mat, edge_label_index)`` with ``pred_index_mat`` of shape
    ``[N, k']`` (any ``k'``; best first) and ``edge_label_index`` of shape ``[2, M]`` holding (document row,
    label) without repeats, then ``compute()`` gives a scalar in ``[0, 1]``.

    Args:
        k: how many predictions a document count.
    """

    weighted = False
    higher_is_better = True

    def __init__(self, k: int) -> None:
        super().__init__(k)
        for name in ("accum", "total"):
            zero = torch.zeros((), dtype=torch.float64)
            if WITH_TORCHMETRICS:
                self.add_state(name, zero, dist_reduce_fx="sum")
            else:
                self.register_buffer(name, zero, persistent=False)

    def update(
        self,
        pred_index_mat: Tensor,
        edge_label_index: Tensor | tuple[Tensor, Tensor],
        edge_label_weight: Tensor | None = None,
    ) -> None:
        """Adds a batch of documents; ``edge_label_weight`` is taken for PyG's sake and ignored."""
        pred_index_mat = mask_missing(pred_index_mat, edge_label_index[1])
        super().update(pred_index_mat, edge_label_index, edge_label_weight)

    def _update(self, data: LinkPredMetricData) -> None:
        self.accum += self._compute(data).sum(dtype=torch.float64)
        self.total += data.pred_index_mat.size(0)

    def compute(self) -> Tensor:
        """The metric over everything seen so far, a scalar (0 before the first update)."""
        return torch.where(self.total == 0, torch.zeros_like(self.accum), self.accum / self.total)


def mask_missing(pred_index_mat: Tensor, label: Tensor) -> Tensor:
    """Replaces -1 by a label id that nothing else has.

    PyG flattens predictions to ``row * C + label``, where a -1 would alias the last label of the row above.
    """
    pred_index_mat = pred_index_mat.long()
    largest = max((int(t.max()) for t in (pred_index_mat, label) if t.numel() > 0), default=0)
    return pred_index_mat.masked_fill(pred_index_mat < 0, largest + 1)
