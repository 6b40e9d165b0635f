from __future__ import annotations

import pytest
import torch

from xcgraph.inference import join_rankers


def logits(ranker, doc_x):
    out = ranker.encoder(doc_x) @ ranker.weight.t()
    return out if ranker.bias is None else out + ranker.bias


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("count", [2, 3])
def test_mean_of_logits(make_ranker, doc_x, count, bias):
    members = [make_ranker(seed, bias=bias) for seed in range(count)]
    joined = join_rankers(members)
    assert joined.weight.shape == (12, 5 * count) and (joined.bias is None) != bias
    expected = torch.stack([logits(member, doc_x) for member in members]).mean(0)
    torch.testing.assert_close(logits(joined, doc_x), expected)
    index, score = joined.rank(doc_x, 12)
    torch.testing.assert_close(score, expected.sigmoid().gather(1, index))
    assert (score.diff() <= 0).all()


def test_the_mean_is_over_members_that_know_the_label(make_ranker, doc_x):
    members = [make_ranker(seed) for seed in range(3)]
    known = [torch.ones(12, dtype=torch.bool), torch.ones(12, dtype=torch.bool), None]
    known[0][[2, 5]] = False
    known[1][5] = False
    first, second, third = (logits(member, doc_x) for member in members)
    expected = (first + second + third) / 3
    expected[:, 2] = ((second + third) / 2)[:, 2]
    expected[:, 5] = third[:, 5]
    torch.testing.assert_close(logits(join_rankers(members, known), doc_x), expected)


def test_the_rest_is_that_of_the_last(make_ranker):
    members = [make_ranker(0, game=0.2, beam=3), make_ranker(1, game=0.4, beam=8, link="softmax")]
    joined = join_rankers(members)
    assert joined.expansion is members[1].expansion and (joined.beam, joined.link) == (8, "softmax")
    assert joined.shortlister is None and joined.lexical is None


def test_one_ranker_is_itself(make_ranker):
    ranker = make_ranker()
    assert join_rankers([ranker], [torch.zeros(12, dtype=torch.bool)]) is ranker


def test_what_cannot_be_joined(make_ranker):
    with pytest.raises(ValueError, match="expected at least one ranker, got none"):
        join_rankers([])
    for options in ({"shortlist": True}, {"lexical": True}):
        with pytest.raises(ValueError, match="only rankers that score all labels, by label vectors alone"):
            join_rankers([make_ranker(0), make_ranker(1, **options)])
