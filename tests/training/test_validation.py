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
        self.asked = k
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


def test_first_documents():
    pairs = np.array([[1, 0], [2, 0], [2, 1]])
    whole = Validator(X, TRUTH, Evaluator(TRUTH), pairs, k=5)
    assert whole.first(3) is whole
    part, ranker = whole.first(2), Fixed()
    metrics = part(ranker)
    assert ranker.asked == 6 and part.doc_x.shape[0] == 2 and metrics["P@1"] == pytest.approx(100.0)
    assert set(metrics) == set(whole(ranker))
