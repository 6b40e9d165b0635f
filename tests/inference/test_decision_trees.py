from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

from xcgraph.inference import DecisionTrees


def fitted(seed: int, **options) -> tuple[HistGradientBoostingClassifier, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(400, 6))
    y = (x[:, 0] * x[:, 1] > 0) ^ (x[:, 2] > 1)
    options = {"max_iter": 7, "max_leaf_nodes": 6, "early_stopping": False, "random_state": seed, **options}
    return HistGradientBoostingClassifier(**options).fit(x, y), rng.normal(size=(90, 6)) * 3


@pytest.mark.parametrize("options", [{}, {"max_iter": 1}, {"max_leaf_nodes": 2}, {"min_samples_leaf": 300}])
def test_of_boosting_scores_as_the_classifier_does(options):
    model, x = fitted(0, **options)
    trees = DecisionTrees.of_boosting([model], x)
    rest = model.decision_function(x) - trees(x)
    assert np.ptp(rest) < 1e-9 and trees.num_trees == model.n_iter_
    assert trees.num_features <= 6


def test_the_mean_of_several():
    models = [fitted(seed)[0] for seed in range(3)]
    x = fitted(9)[1]
    expected = np.mean([model.decision_function(x) for model in models], axis=0)
    rest = expected - DecisionTrees.of_boosting(models, x)(x)
    assert np.ptp(expected) > 1 and np.ptp(rest) < 1e-9


def test_thresholds_are_inclusive():
    trees = stump(column=1, threshold=2.0, below=-1.0, above=1.0)
    x = np.array([[9.0, 2.0], [9.0, np.nextafter(2.0, 3.0)], [9.0, -5.0]])
    assert trees(x).tolist() == [-1.0, 1.0, -1.0] and trees.num_features == 2
    assert trees(x[:0]).tolist() == []


def test_another_way_to_keep_trees_is_noticed(monkeypatch):
    model, x = fitted(0)
    monkeypatch.setattr(model, "decision_function", lambda x: x[:, 0])
    with pytest.raises(RuntimeError, match="keeps its trees in a way that is not known here"):
        DecisionTrees.of_boosting([model], x)


def test_kept_tensors_give_the_same():
    model, x = fitted(0)
    trees = DecisionTrees.of_boosting([model], x)
    assert (DecisionTrees(**trees.tensors())(x) == trees(x)).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("left", [0, 0, 0]),  # round and round
        ("right", [3, 0, 0]),
        ("roots", [3]),
        ("roots", [-1]),
        ("value", [0.0, 1.0]),
        ("threshold", [0, 0, 0]),
        ("feature", [[0, -1, -1]]),
    ],
)
def test_what_is_no_tree(name, value):
    tensors = stump(0, 0.0, 1.0, 2.0).tensors()
    kind = torch.int64 if name == "threshold" else tensors[name].dtype
    with pytest.raises(ValueError, match="expected nodes of decision trees"):
        DecisionTrees(**{**tensors, name: torch.tensor(value, dtype=kind)})


def stump(column: int, threshold: float, below: float, above: float) -> DecisionTrees:
    return DecisionTrees(
        torch.tensor([column, -1, -1], dtype=torch.int32),
        torch.tensor([threshold, 0.0, 0.0], dtype=torch.float64),
        torch.tensor([1, 0, 0], dtype=torch.int32),
        torch.tensor([2, 0, 0], dtype=torch.int32),
        torch.tensor([0.0, below, above], dtype=torch.float64),
        torch.tensor([0], dtype=torch.int32),
    )
