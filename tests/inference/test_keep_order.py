from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import LabelRanker
from xcgraph.inference.keep_order import keep_order
from xcgraph.metrics import top_k


@pytest.mark.parametrize("link", [torch.sigmoid, lambda logit: logit.log_softmax(1).exp()])
@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
def test_scores_fall_where_logits_do(link, scale):
    logit = (scale * torch.randn(50, 40, generator=torch.Generator().manual_seed(0))).sort(1, descending=True)[0]
    logit[:, 7], logit[:5, 30:] = logit[:, 6], -torch.inf
    plain = link(logit).masked_fill(logit == -torch.inf, -torch.inf)
    score = keep_order(plain, logit)
    real = torch.isfinite(logit[:, 1:])
    assert torch.equal((score.diff() < 0)[real], (logit.diff() < 0)[real])
    assert (score[:, 7] == score[:, 6]).all() and (score[:5, 30:] == -torch.inf).all()
    assert ((score[torch.isfinite(logit)] >= 0) & (score[torch.isfinite(logit)] <= 1)).all()
    torch.testing.assert_close(score, plain, atol=1e-5, rtol=0)
    assert score is plain if scale == 1.0 else score is not plain


def test_ends_keep_their_scores():
    key = torch.tensor([[40.0, 39.0, 38.0, -200.0, -300.0, -300.0]])
    score = keep_order(torch.tensor([[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]]), key)
    assert score[0, 0] == 1 and score[0, 4] == score[0, 5] == 0
    assert 1 - 3e-7 < score[0, 2] < score[0, 1] < 1 and 0 < score[0, 3] < 1e-44


def test_nothing_to_order():
    for shape in ((0, 3), (2, 0), (2, 1)):
        assert keep_order(torch.ones(shape), torch.ones(shape)).shape == shape


@pytest.mark.parametrize("link", ["sigmoid", "softmax"])
def test_ranks_of_certain_labels_are_those_of_their_logits(make_ranker, doc_x, link):
    """A fused logit of fifty is nothing special."""
    plain = make_ranker(link=link, bias=False)
    sure = LabelRanker(plain.encoder, 200 * plain.weight, None, link=link)
    index, score = sure.predict(doc_x, 12)
    by_label = np.take_along_axis(score, np.argsort(index, axis=1), axis=1)
    np.testing.assert_array_equal(top_k(by_label, 12)[0], index)
    logit = torch.nn.functional.linear(sure.encoder(doc_x), sure.weight).numpy()
    np.testing.assert_array_equal(top_k(logit, 12)[0], index)
    certain = 1 if link == "softmax" else 3
    assert (logit.max(axis=1) > 20).any() and (np.sort(score, axis=1)[:, -certain:] > 0.9999).any()
