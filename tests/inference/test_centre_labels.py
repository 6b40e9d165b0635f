from __future__ import annotations

import pytest
import torch

from xcgraph.inference import centre_labels, join_rankers


def shifted(ranker, by, offset):
    """The same model to softmax: all logits of a document move by as much."""
    ranker.weight = ranker.weight + by
    if ranker.bias is not None:
        ranker.bias = ranker.bias + offset
    return ranker


@pytest.mark.parametrize("bias", [True, False])
def test_ranks_and_probabilities_stay(make_ranker, doc_x, bias):
    ranker = make_ranker(link="softmax", bias=bias)
    weight = ranker.weight.clone()
    centred = centre_labels(ranker)
    assert torch.equal(ranker.weight, weight) and centred.encoder is ranker.encoder
    torch.testing.assert_close(centred.weight.mean(0), torch.zeros(5), atol=1e-6, rtol=0)
    for got, expected in zip(centred.rank(doc_x, 12), ranker.rank(doc_x, 12), strict=True):
        torch.testing.assert_close(got, expected)


def test_what_members_have_in_common_does_not_count_when_they_are_joined(make_ranker, doc_x):
    known = torch.ones(12, dtype=torch.bool)
    known[[2, 5]] = False

    def joined(by, offset):
        members = [make_ranker(0, link="softmax"), shifted(make_ranker(1, link="softmax"), by, offset)]
        members = [centre_labels(member, those) for member, those in zip(members, (known, None), strict=True)]
        return join_rankers(members, [known, None]).rank(doc_x, 12)

    as_it_was, far = joined(0.0, 0.0), joined(torch.full((5,), -9.0), 30.0)
    assert torch.equal(far[0], as_it_was[0])
    torch.testing.assert_close(far[1], as_it_was[1], atol=1e-4, rtol=1e-3)


def test_the_mean_is_over_known_labels(make_ranker):
    known = torch.zeros(12, dtype=torch.bool)
    known[[1, 4, 7]] = True
    centred = centre_labels(make_ranker(link="softmax"), known)
    torch.testing.assert_close(centred.weight[known].mean(0), torch.zeros(5), atol=1e-6, rtol=0)
    assert float(centred.bias[known].mean()) == pytest.approx(0, abs=1e-6)
    assert centred.weight.mean(0).abs().max() > 0.01


def test_sigmoids_see_the_level(make_ranker):
    with pytest.raises(ValueError, match="only models trained by softmax can be centred, this one's link is"):
        centre_labels(make_ranker())
