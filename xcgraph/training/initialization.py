"""Where label parameters start in the default recipe."""

from __future__ import annotations

import torch
from torch import Tensor

from xcgraph.models import LabelModel
from xcgraph.sparse import CSR

from .label_sums import label_sums


def log_odds(y: CSR) -> Tensor:
    """Log-odds of each label's smoothed frequency, ``f = (n + 1/2) / (N + 1)``, shape ``[L]``.

    A classifier that starts there predicts the right number of labels from the first step on; from zero, the first
    epochs are spent on learning that almost everything is negative.

    Args:
        y: relevant labels of the training documents, ``[N, L]``.
    """
    count = torch.bincount(y.col, minlength=y.shape[1]).to(y.value.dtype)
    return torch.logit((count + 0.5) / (y.shape[0] + 1.0))


@torch.no_grad()
def mean_of_documents(model: LabelModel, doc_x: CSR | Tensor, y: CSR, block: int = 1 << 14) -> Tensor:
    """Mean embedding of each label's training documents, shape ``[L, D]``; zero for labels without any.

    Args:
        model: embeds the documents, without dropout.
        doc_x: training documents, ``[N, V]``, or rows for the document tower.
        y: their relevant labels, ``[N, L]``.
        block: documents embedded at a time.
    """
    training = model.training
    model.eval()
    total = label_sums(model.encode_documents, doc_x, y, block)
    model.train(training)
    count = torch.bincount(y.col, minlength=y.shape[1]).clamp(min=1).to(total.dtype)
    return total.div_(count.unsqueeze(1))
