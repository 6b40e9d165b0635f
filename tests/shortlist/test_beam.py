from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xcgraph.shortlist import combine_scores, rank_shortlist, top_beam


def rows_of(index, score):
    return [
        {i: s for i, s in zip(ids, scores, strict=True) if i >= 0}
        for ids, scores in zip(index.tolist(), score.tolist(), strict=True)
    ]


def assert_ranked(index, score):
    for ids, scores in zip(index.tolist(), score.tolist(), strict=True):
        order = [(-s, i) for i, s in zip(ids, scores, strict=True) if i >= 0]
        assert order == sorted(order)
        assert ids[len(order) :] == [-1] * (len(ids) - len(order))
        assert all(s == -float("inf") for s in scores[len(order) :])


def test_top_beam_breaks_ties_by_id():
    index, p = top_beam(torch.tensor([[0.0, 2.0, 0.0, 0.0, -1.0]]), 3)
    assert index.tolist() == [[1, 0, 2]]
    assert torch.allclose(p, torch.sigmoid(torch.tensor([[2.0, 0.0, 0.0]])))
    assert top_beam(torch.zeros(2, 3), 10)[0].tolist() == [[0, 1, 2]] * 2


def test_combined_score_is_the_product_of_probabilities():
    index = torch.tensor([[3, -1, 1]])
    p, logit = torch.tensor([[0.8, -float("inf"), 0.5]]), torch.tensor([[0.0, float("nan"), -200.0]])
    score = combine_scores(index, p, logit)
    assert score[0, 0] == pytest.approx(0.4) and score[0, 1] == -float("inf") and score[0, 2] == pytest.approx(0.0)


lists = st.lists(st.tuples(st.integers(-1, 6), st.sampled_from([-1.0, 0.0, 0.25, 0.5])), min_size=5, max_size=5)


@settings(max_examples=80, deadline=None)
@given(st.lists(lists, min_size=1, max_size=4), st.integers(1, 7))
def test_ranking_keeps_the_best_score_of_each_label(rows, k):
    index = torch.tensor([[i for i, _ in row] for row in rows])
    score = torch.tensor([[s for _, s in row] for row in rows])
    got_index, got_score = rank_shortlist(index, score, k)
    assert got_index.shape == (len(rows), min(k, 5))
    assert_ranked(got_index, got_score)
    for row, got in zip(rows, rows_of(got_index, got_score), strict=True):
        best = {i: max(s for j, s in row if j == i) for i, _ in row if i >= 0}
        kept = sorted(best, key=lambda i: (-best[i], i))[:k]
        assert got == {i: best[i] for i in kept}
