from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from xcgraph.metrics import Evaluator
from xcgraph.sparse import CSR
from xcgraph.training.validation import Validator

TRUTH = csr_matrix(np.eye(3, 30, dtype=np.float32))
X = CSR.from_scipy(csr_matrix(np.ones((3, 4), dtype=np.float32)))
NONE = np.empty((0, 2), dtype=np.int64)


class Fixed:
    """Ranks label 0 first for every document."""

    def predict(self, doc_x, k):
        self.asked, k = k, min(k, 30)
        index = np.tile(np.arange(k), (doc_x.shape[0], 1))
        return index, np.linspace(1, 0.1, k, dtype=np.float32)[None].repeat(doc_x.shape[0], 0)


def test_metrics_are_those_of_the_evaluator():
    evaluator, ranker = Evaluator(TRUTH), Fixed()
    metrics = Validator(X, TRUTH, evaluator, NONE)(ranker)
    expected = evaluator.evaluate(*ranker.predict(X, 20), TRUTH)
    assert ranker.asked == 20
    assert metrics["score"] == (2 * expected["nDCG@5"] + expected["PSnDCG@5"]) / 3
    assert metrics["P@1"] == pytest.approx(100 / 3)
    # R@100 of twenty ranks would be no R@100.
    assert set(metrics) == set(expected) - {"R@100"} | {"score"}
    assert all(metrics[name] == expected[name] for name in set(metrics) - {"score"})


def test_filtered_pairs_make_room():
    ranker = Fixed()
    pairs = np.array([[1, 0], [2, 0], [2, 1]])
    metrics = Validator(X, TRUTH, Evaluator(TRUTH), pairs, k=5)(ranker)
    assert ranker.asked == 7
    assert metrics["P@1"] == pytest.approx(100.0)  # what stands before the relevant label is filtered


def test_one_rank():
    metrics = Validator(X, TRUTH, Evaluator(TRUTH), NONE, k=1)(Fixed())
    assert set(metrics) == {"P@1", "nDCG@1", "PSP@1", "PSnDCG@1", "score"}


def test_unknown_labels_leave_predictions_and_truth():
    known = np.ones(30, dtype=bool)
    known[[0, 2]] = False
    ranker = Fixed()
    validator = Validator(X, TRUTH, Evaluator(TRUTH), NONE, k=5, known=known)
    metrics = validator(ranker)
    assert ranker.asked == 35  # to make up for those that go
    # Document 1 has label 1, now first; documents 0 and 2 have nothing left, which no prediction meets.
    assert metrics["P@1"] == pytest.approx(100 / 3) and validator.truth.toarray().sum() == 1
    assert TRUTH.toarray().sum() == 3  # that of the caller is as it was
    index = np.array([[1, 0], [2, 1], [-1, -1]])
    assert validator.evaluate(index, np.ones((3, 2)))["P@1"] == pytest.approx(100 / 3)


def test_all_labels_known():
    ranker = Fixed()
    validator = Validator(X, TRUTH, Evaluator(TRUTH), NONE, known=np.ones(30, dtype=bool))
    assert validator(ranker) == Validator(X, TRUTH, Evaluator(TRUTH), NONE)(ranker) and ranker.asked == 20


def test_labels_in_any_order():
    validator = Validator(X, TRUTH, Evaluator(TRUTH), NONE)
    index, score = Fixed().predict(X, 20)
    order = np.random.default_rng(0).permutation(20)
    assert validator.evaluate(index[:, order], score[:, order]) == validator.evaluate(index, score)


def test_judge():
    """Relevant or not, best first, without filtered pairs and unknown labels."""
    known = np.ones(30, dtype=bool)
    known[1] = False
    truth = csr_matrix(np.eye(3, 30, dtype=np.float32)[[0, 2, 2]])
    validator = Validator(X, truth, Evaluator(truth), np.array([[1, 0], [2, 2]]), k=4, known=known)
    ranker = Fixed()
    score, relevant = validator.judge(ranker)
    raw = ranker.predict(X, ranker.asked)[1][0]
    kept = [[0, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5]]
    np.testing.assert_array_equal(score, raw[kept])
    assert relevant.tolist() == [[True, False, False, False], [True, False, False, False], [False] * 4]


def test_judge_where_there_are_few_labels():
    class Two:
        def predict(self, doc_x, k):
            index = np.array([[1, -1], [4, 1], [-1, -1]])
            return index, np.where(index < 0, -np.inf, 0.5)

    score, relevant = Validator(X, TRUTH, Evaluator(TRUTH), NONE).judge(Two())
    assert score.tolist() == [[0.5, -np.inf], [0.5, 0.5], [-np.inf, -np.inf]]
    assert relevant.tolist() == [[False, False], [False, True], [False, False]]
