from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from xcgraph.inference import LabelRanker
from xcgraph.metrics import Evaluator
from xcgraph.sparse import CSR
from xcgraph.training.fusion import (
    LEXICAL,
    PRIOR,
    CandidateMetrics,
    CandidateScores,
    FusionWeights,
    candidate_scores,
)
from xcgraph.training.fusion.search import WORTH
from xcgraph.training.validation import Validator

WEIGHTS = FusionWeights(2.0, 3.0, 0.5)


@pytest.mark.parametrize("pieces", [1, 50, 1 << 24])
def test_candidates_where_all_labels_are_scored(parts, dense_parts, rankers, doc_x, monkeypatch, pieces):
    monkeypatch.setattr("xcgraph.training.fusion.scores._MAX_SCORES", pieces)
    ranker, lexical = rankers["all"], dense_parts
    logit = (ranker.encoder(doc_x) @ ranker.weight.t() + ranker.bias).numpy()
    for depth in (1, 2, 99):
        scores = candidate_scores(ranker, parts, doc_x, depth)
        assert scores.index.shape == scores.network.shape and set(scores.lexical) == set(LEXICAL)
        for row in range(20):
            index = scores.index[row][scores.index[row] >= 0]
            # The best of the model and of each part, each once; ties may go either way.
            assert len(set(index)) == len(index) and (depth < 99 or len(index) == 12)
            for each in (logit[row], *(part[row] for part in lexical.values())):
                least = np.sort(each)[::-1][:depth].min()
                assert set(np.flatnonzero(each > least + 1e-5)) <= set(index)
            here = scores.index[row] >= 0
            np.testing.assert_allclose(scores.network[row][here], logit[row][index], rtol=1e-4, atol=1e-4)
            for name in LEXICAL:
                expected = lexical[name][row][index]
                np.testing.assert_allclose(scores.lexical[name][row][here], expected, rtol=1e-4, atol=1e-5)


def test_fused_scores(tiny, parts, rankers, doc_x):
    scores = candidate_scores(rankers["all"], parts, doc_x, 2)
    before = scores.network.copy()
    expected = sum(getattr(WEIGHTS, name) * scores.lexical[name] for name in LEXICAL) + scores.network
    expected[scores.index < 0] = -np.inf
    assert (scores.index < 0).any()
    np.testing.assert_allclose(scores.fused(WEIGHTS), expected, rtol=1e-5)
    np.testing.assert_array_equal(scores.network, before)
    plain = scores.fused(FusionWeights())
    np.testing.assert_array_equal(plain, np.where(scores.index < 0, -np.inf, before))


@pytest.mark.parametrize("pieces", [1, 1 << 24])
@pytest.mark.parametrize("scoring", ["all", "shortlist"])
def test_fused_scores_rank_as_the_model_that_is_served(parts, rankers, doc_x, monkeypatch, scoring, pieces):
    monkeypatch.setattr("xcgraph.training.fusion.scores._MAX_SCORES", pieces)
    ranker = rankers[scoring]
    assert ranker.link == "softmax" and (ranker.shortlister is not None) == (scoring == "shortlist")
    scores = candidate_scores(ranker, parts, doc_x)
    fused = scores.fused(WEIGHTS)
    served = LabelRanker(
        ranker.encoder, ranker.weight, ranker.bias + parts.weighted_bias(WEIGHTS), ranker.shortlister, None,
        ranker.beam, ranker.link, parts.scorer(WEIGHTS),
    )  # fmt: skip
    index, score = served.predict(doc_x, 12)
    for row in range(20):
        order = np.argsort(-fused[row], kind="stable")
        listed = [label for label in scores.index[row][order] if label >= 0]
        assert listed == [label for label in index[row] if label >= 0] and listed
        # Logits and log-probabilities differ by the same for all labels of a document.
        gap = np.sort(fused[row][np.isfinite(fused[row])])[::-1] - np.log(score[row][index[row] >= 0])
        np.testing.assert_allclose(gap, gap[0], atol=1e-3)


def test_no_documents(parts, rankers, doc_x):
    nothing = doc_x.select_rows(torch.empty(0, dtype=torch.long))
    for ranker in rankers.values():
        assert candidate_scores(ranker, parts, nothing).index.shape[0] == 0


@pytest.fixture(scope="session")
def candidates(tiny, parts, rankers):
    """Scores of test documents, and a validator of them with filter pairs and a label that is not known."""
    doc_x = CSR.from_scipy(tiny.test_x)
    row, label = (each[:9:3] for each in tiny.test_y.nonzero())
    pairs = np.concatenate([np.stack([row, label], 1), [[0, 0], [1, 3], [19, 11]]])
    validator = Validator(doc_x, tiny.test_y, Evaluator(tiny.train_y), pairs, known=np.arange(12) != 4)
    return candidate_scores(rankers["all"], parts, doc_x, 5), validator


@pytest.mark.parametrize("weights", [FusionWeights(), PRIOR, WEIGHTS, replace(PRIOR, linear=0.0)])
def test_metrics_of_candidates_are_those_of_the_evaluator(candidates, weights):
    scores, validator = candidates
    metrics = CandidateMetrics(scores, validator)
    expected = validator.evaluate(scores.index, scores.fused(weights))
    assert metrics(weights) == pytest.approx({name: expected[name] for name in WORTH}, rel=1e-5)
    assert metrics(weights) == metrics(weights, np.ones(20)) and metrics.num_documents == 20


def test_metrics_of_documents_that_count_more_than_once(candidates):
    scores, validator = candidates
    counts = np.random.default_rng(1).integers(0, 4, 20)
    rows = np.repeat(np.arange(20), counts)
    number = {row: np.flatnonzero(rows == row) for row in range(20)}
    pairs = np.array([(new, label) for row, label in validator.filter_pairs for new in number[row]])
    again = Validator(None, validator.truth[rows], validator.evaluator, pairs, known=validator.known)
    expected = again.evaluate(scores.index[rows], scores.fused(PRIOR)[rows])
    found = CandidateMetrics(scores, validator)(PRIOR, counts)
    assert found == pytest.approx({name: expected[name] for name in WORTH}, rel=1e-5)


@pytest.mark.parametrize("width", [0, 1, 4, 5, 6])
def test_metrics_of_few_candidates(candidates, width):
    scores, validator = candidates
    few = CandidateScores(
        scores.index[:, :width], scores.network[:, :width], {n: s[:, :width] for n, s in scores.lexical.items()}
    )
    expected = validator.evaluate(few.index, few.fused(PRIOR))
    assert CandidateMetrics(few, validator)(PRIOR) == pytest.approx({n: expected[n] for n in WORTH}, rel=1e-5)
