from __future__ import annotations

import metrics_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from xcgraph.metrics import Evaluator

KEYS = [f"{m}@{k}" for m in ("P", "nDCG", "PSP", "PSnDCG") for k in (1, 3, 5)] + ["R@5", "R@10", "R@100"]


def to_csr(rows, num_labels, value=1.0):
    entries = [(i, label) for i, row in enumerate(rows) for label in sorted(row)]
    row, col = np.array(entries, dtype=np.int64).reshape(-1, 2).T
    return csr_matrix((np.full(len(entries), value, dtype=np.float32), (row, col)), shape=(len(rows), num_labels))


def to_arrays(predictions, width):
    """Ranked label -> score dicts as shuffled ``(index, score)`` with -1 pads in the middle."""
    index = np.full((len(predictions), width), -1, dtype=np.int32)
    score = np.full((len(predictions), width), 7.0, dtype=np.float32)  # the score of a pad must not matter
    for i, row in enumerate(predictions):
        places = np.random.default_rng(i).permutation(width)[: len(row)]
        index[i, places], score[i, places] = list(row), list(row.values())
    return index, score


@st.composite
def problems(draw):
    num_labels = draw(st.integers(1, 14))
    num_train, num_test = draw(st.integers(2, 12)), draw(st.integers(1, 7))
    label = st.integers(0, num_labels - 1)
    labels = st.sets(label, max_size=7)
    train = [draw(labels) for _ in range(num_train)]
    truth = [draw(labels) for _ in range(num_test)]
    scores = st.sampled_from([-1.5, -0.5, 0.0, 0.25, 0.5, 2.0])  # few values, so that ties are common
    predictions = [draw(st.dictionaries(label, scores, max_size=num_labels)) for _ in range(num_test)]
    filtered = draw(st.sets(st.tuples(st.integers(0, num_test - 1), label), max_size=8))
    return num_labels, train, truth, predictions, filtered


@settings(max_examples=60, deadline=None)
@given(problems())
def test_evaluator_agrees_with_the_oracle(problem):
    num_labels, train, truth, predictions, filtered = problem
    kept = [{m: s for m, s in row.items() if (i, m) not in filtered} for i, row in enumerate(predictions)]
    ranked = [oracle.rank(row) for row in kept]
    kept_truth = [{m for m in y if (i, m) not in filtered} for i, y in enumerate(truth)]
    q = oracle.inverse_propensities(train, num_labels, 0.6, 2.6)
    expected = oracle.metrics(ranked, kept_truth, q)

    evaluator = Evaluator(to_csr(train, num_labels), propensity=(0.6, 2.6))
    assert evaluator.inverse_propensity.tolist() == pytest.approx(q)
    pairs = np.array(sorted(filtered), dtype=np.int64).reshape(-1, 2)
    y = to_csr(truth, num_labels)

    index, score = to_arrays(predictions, num_labels + 2)
    assert evaluator.evaluate(index, score, y, pairs) == pytest.approx(expected, abs=1e-4)

    entries = [(i, m, s) for i, row in enumerate(predictions) for m, s in row.items()]
    row, col, data = np.array(entries, dtype=float).reshape(-1, 3).T
    sparse = csr_matrix((data, (row.astype(int), col.astype(int))), shape=y.shape)
    assert evaluator.evaluate(sparse, None, y, pairs) == pytest.approx(expected, abs=1e-4)

    ordered = np.full((len(ranked), num_labels), -1)
    for i, row in enumerate(oracle.rank(p) for p in predictions):
        ordered[i, : len(row)] = row
    result = evaluator.evaluate(ordered, None, y, pairs)
    assert result == pytest.approx(expected, abs=1e-4)
    assert list(result) == KEYS
    deciles = evaluator.per_decile(index, y, score, pairs)
    assert sum(d["P@5"] for d in deciles) == pytest.approx(expected["P@5"], abs=1e-4)


def test_hand_computed_case():
    # N = 4 training documents; label frequencies 3, 1, 0, 1, so q_1 = q_3 = ln 4.
    evaluator = Evaluator(to_csr([{0, 1}, {0}, {0, 3}, set()], 4))
    q = evaluator.inverse_propensity
    assert q[1] == pytest.approx(np.log(4)) and q[0] < q[1] < q[2]
    truth = to_csr([{0, 1}, {2}, set()], 4)
    # First document: one hit at rank 1; second: one at rank 2; third has nothing relevant but is counted.
    result = evaluator.evaluate(np.array([[0, 3], [1, 2], [0, 1]]), None, truth)
    assert result["P@1"] == pytest.approx(100 / 3)
    assert result["P@3"] == pytest.approx(100 * 2 / 9)
    assert result["P@5"] == pytest.approx(100 * 2 / 15)
    ideal = 1 + 1 / np.log2(3)
    assert result["nDCG@3"] == pytest.approx(100 * (1 / ideal + 1 / np.log2(3)) / 3)
    assert result["PSP@1"] == pytest.approx(100 * q[0] / (q[1] + q[2]))
    assert result["PSP@3"] == pytest.approx(100 * (q[0] + q[2]) / (q[0] + q[1] + q[2]))
    best = (q[1] + q[0] / np.log2(3)) / ideal + q[2]
    assert result["PSnDCG@5"] == pytest.approx(100 * (q[0] / ideal + q[2] / np.log2(3)) / best)
    assert result["R@5"] == result["R@100"] == pytest.approx(100 * (0.5 + 1) / 3)


def test_documents_in_several_blocks_are_one_average(monkeypatch):
    rng = np.random.default_rng(0)
    num = 2**16 + 50
    truth = csr_matrix((np.ones(num, np.float32), rng.integers(0, 9, num), np.arange(num + 1)), shape=(num, 9))
    index = rng.integers(0, 9, (num, 1))
    result = Evaluator(truth).evaluate(index, None, truth)
    assert result["P@1"] == pytest.approx(100 * float((index[:, 0] == truth.indices).mean()), abs=1e-4)


def test_only_the_best_hundred_count_for_recall_at_100():
    train = to_csr([{0}, {119}], 120)
    truth = to_csr([{99, 100}], 120)
    result = Evaluator(train).evaluate(np.arange(120)[None], None, truth)
    assert result["R@100"] == pytest.approx(50.0)
    # a filtered pair among the first hundred makes room for the next label
    result = Evaluator(train).evaluate(np.arange(120)[None], None, truth, np.array([[0, 3]]))
    assert result["R@100"] == pytest.approx(100.0)


def test_explicit_zeros_of_the_truth_are_not_relevant():
    truth = csr_matrix((np.array([0.0, 1.0], np.float32), ([0, 0], [0, 1])), shape=(1, 3))
    evaluator = Evaluator(truth)
    assert evaluator.frequency.tolist() == [0, 1, 0]
    assert evaluator.evaluate(np.array([[0, 1]]), None, truth)["P@1"] == 0.0


def test_arguments_are_not_changed():
    train = to_csr([{0}, {1}], 2)
    index, score = np.array([[0, 1]]), np.array([[0.1, 0.2]], np.float32)
    truth = to_csr([{1}], 2)
    Evaluator(train).evaluate(index, score, truth, np.array([[0, 0]]))
    assert index.tolist() == [[0, 1]] and score[0, 0] == np.float32(0.1) and truth.nnz == 1


def test_per_decile_by_hand():
    # Frequencies 0, 1, ..., 19: two labels a decile, label 19 the most frequent.
    train = to_csr([set(range(20 - i, 20)) for i in range(20)], 20)
    evaluator = Evaluator(train)
    assert evaluator.frequency.tolist() == list(range(20))
    truth = to_csr([{0, 1, 19}, {19}], 20)
    deciles = evaluator.per_decile(np.array([[1, 19, 5], [2, 3, 18]]), truth)
    assert [d["decile"] for d in deciles] == list(range(1, 11))
    assert deciles[0] == pytest.approx(
        {
            "decile": 1,
            "labels": 2,
            "min_frequency": 0,
            "max_frequency": 1,
            "positives": 2,
            "documents": 1,
            "P@5": 100 / 10,
            "R@5": 50.0,
        }
    )
    assert deciles[9]["documents"] == 2 and deciles[9]["R@5"] == pytest.approx(50.0)
    assert deciles[9]["P@5"] == pytest.approx(10.0)
    assert all(d["P@5"] == 0 and d["R@5"] == 0 for d in deciles[1:9])


@pytest.mark.parametrize(
    ("index", "score", "message"),
    [
        (np.zeros((3, 1), int), None, r"expected shape \(2, k\).*got \(3, 1\)"),
        (np.zeros(2, int), None, "got"),
        (np.zeros((2, 1)), None, "integer"),
        (np.full((2, 1), 4), None, "0 to 3"),
        (np.full((2, 1), -2), None, "0 to 3"),
        (np.array([[0, 1], [2, 2]]), None, "2 twice in row 1"),
        (np.array([[0, 1], [2, 3]]), np.zeros((2, 1)), r"\(2, 2\), got \(2, 1\)"),
        (np.array([[0, 1], [2, 3]]), np.full((2, 2), np.nan), "NaN"),
        (csr_matrix((2, 5)), None, r"\(2, 4\), got \(2, 5\)"),
        (csr_matrix((2, 4)), np.zeros((2, 1)), "already holds scores"),
    ],
)
def test_wrong_predictions_are_named(index, score, message):
    truth = to_csr([{0}, {1}], 4)
    with pytest.raises(ValueError, match=message):
        Evaluator(truth).evaluate(index, score, truth)


def test_truth_of_another_label_set_is_refused():
    with pytest.raises(ValueError, match="expected 4 labels as in training, got 5"):
        Evaluator(to_csr([{0}, {1}], 4)).evaluate(np.zeros((1, 1), int), None, to_csr([{0}], 5))
