from __future__ import annotations

import metrics_oracle as oracle
import numpy as np
import pytest
import torch
from torch_geometric.metrics import LinkPredMetricCollection

from xcgraph.metrics import PSNDCG, XCNDCG, PSPrecision, XCPrecision, XCRecall

METRICS = {"P": XCPrecision, "nDCG": XCNDCG, "PSP": PSPrecision, "PSnDCG": PSNDCG, "R": XCRecall}


def problem(seed, num_rows=40, num_labels=12, width=6):
    rng = np.random.default_rng(seed)
    truth = [set(rng.choice(num_labels, rng.integers(0, 5), replace=False).tolist()) for _ in range(num_rows)]
    truth[0] = set()
    pred = np.stack([rng.permutation(num_labels)[:width] for _ in range(num_rows)])
    pred[rng.random(num_rows) < 0.4, 3:] = -1  # fewer predictions than k
    pred[-1] = -1
    return torch.from_numpy(pred), truth, rng.uniform(1, 9, num_labels)


def edges(truth, start=0):
    pairs = [(i, label) for i, y in enumerate(truth) for label in sorted(y)]
    return torch.tensor(pairs, dtype=torch.long).view(-1, 2).t()


def make(name, k, q):
    return METRICS[name](k, q) if name.startswith("PS") else METRICS[name](k)


@pytest.mark.parametrize("name", ["P@1", "P@5", "nDCG@1", "nDCG@3", "nDCG@5", "R@5", "R@10", "PSP@3", "PSnDCG@5"])
def test_value_over_batches_agrees_with_the_oracle(name):
    pred, truth, q = problem(seed=1)
    short, k = name.split("@")
    metric = make(short, int(k), q)
    for start in range(0, len(truth), 9):
        metric.update(pred[start : start + 9], edges(truth[start : start + 9]))
    ranked = [[label for label in row if label >= 0] for row in pred.tolist()]
    expected = oracle.metrics(ranked, truth, q.tolist())[name] / 100
    assert 0 < expected < 1
    assert float(metric.compute()) == pytest.approx(expected, abs=1e-6)
    metric.reset()
    assert float(metric.compute()) == 0.0


@pytest.mark.parametrize("name", METRICS)
def test_perfect_ranking_by_propensity(name):
    truth, q = [{0, 1, 2}, {3, 4}], np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    metric = make(name, 2, q)
    metric.update(torch.tensor([[2, 1], [4, 3]]), edges(truth))
    expected = (2 / 3 + 1) / 2 if name == "R" else 1.0
    assert float(metric.compute()) == pytest.approx(expected)


@pytest.mark.parametrize("name", METRICS)
def test_a_missing_prediction_is_not_the_last_label_of_the_row_above(name):
    # Row 0 lacks its true label 3; the -1 of row 1 must not be taken for it.
    metric = make(name, 1, np.ones(4))
    metric.update(torch.tensor([[0], [-1]]), torch.tensor([[0], [3]]))
    assert float(metric.compute()) == 0.0


@pytest.mark.parametrize("name", METRICS)
def test_no_truth_and_no_predictions(name):
    metric = make(name, 3, np.ones(4))
    metric.update(torch.tensor([[0, 1], [2, 3]]), torch.empty(2, 0, dtype=torch.long))
    assert float(metric.compute()) == 0.0
    metric.update(torch.empty(2, 0, dtype=torch.long), torch.tensor([[0], [1]]))
    assert float(metric.compute()) == 0.0


def test_they_work_in_a_pyg_collection():
    pred, truth, q = problem(seed=2)
    pred = pred.masked_fill(pred < 0, 12)  # a collection wants valid ids
    edge_label_index = edges(truth)
    collection = LinkPredMetricCollection({name: make(name, 3, q) for name in METRICS})
    collection.update(pred, edge_label_index, torch.from_numpy(q)[edge_label_index[1]])
    for name, value in collection.compute().items():
        alone = make(name, 3, q)
        alone.update(pred, edge_label_index)
        assert float(value) == pytest.approx(float(alone.compute())) != 0.0


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="positive integer"):
        XCPrecision(0)
    with pytest.raises(ValueError, match="positive values"):
        PSPrecision(1, np.array([1.0, 0.0]))
    with pytest.raises(NotImplementedError, match="ratio"):
        PSNDCG(1, np.ones(1))._compute(None)
    assert repr(PSPrecision(3, np.ones(2))).startswith("PSPrecision(k=3")
