from __future__ import annotations

import json

import numpy as np
import pytest

from xcgraph.training.fusion import GRID, FusionWeights, tune_fusion
from xcgraph.training.pipeline import Pipeline


class Scripted:
    """Scores weights by a function, and counts how often it is asked."""

    def __init__(self, function) -> None:
        self.function, self.asked = function, []

    def __call__(self, weights):
        self.asked.append(weights)
        return {"score": self.function(weights), "P@1": weights.centroid}


def distance(weights: FusionWeights) -> float:
    return -(abs(weights.centroid - 8) + abs(weights.text - 4) + 10 * abs(weights.game - 0.1))


def test_finds_the_best_of_the_grid():
    validator = Scripted(distance)
    weights, metrics = tune_fusion(lambda w: w, validator, use_graph=True)
    assert weights == FusionWeights(8.0, 4.0, 0.1) and metrics == {"score": 0.0, "P@1": 8.0}
    assert len(validator.asked) == len(set(validator.asked)) < 40  # nothing is evaluated twice


def test_without_a_graph():
    validator = Scripted(distance)
    weights, _ = tune_fusion(lambda w: w, validator, use_graph=False)
    assert weights == FusionWeights(8.0, 4.0, 0.0)
    assert all(asked.game == 0 for asked in validator.asked)


def test_ties_keep_the_smaller_weights():
    weights, metrics = tune_fusion(lambda w: w, Scripted(lambda w: 1.0), use_graph=True)
    assert weights == FusionWeights() and metrics["score"] == 1.0


def test_the_first_label_must_not_suffer():
    class Costly(Scripted):
        """Text raises the score, and costs precision beyond a weight of 4."""

        def __call__(self, weights):
            return {**super().__call__(weights), "P@1": 50.0 if weights.text <= 4 else 49.0}

    weights, metrics = tune_fusion(lambda w: w, Costly(lambda w: w.text), use_graph=False)
    assert weights == FusionWeights(0.0, 4.0) and metrics["P@1"] == 50.0


def test_a_second_round_goes_on_from_the_first():
    # The centroid helps only once the text counts.
    def function(w):
        return 3 * w.text - (w.centroid - w.text) ** 2

    for rounds, expected in ((1, FusionWeights(0.0, 2.0)), (2, FusionWeights(2.0, 4.0))):
        assert tune_fusion(lambda w: w, Scripted(function), False, rounds)[0] == expected


def test_json_and_grid():
    assert json.loads(json.dumps(FusionWeights(1.0, 2.0, 0.5).as_dict())) == {
        "centroid": 1.0,
        "text": 2.0,
        "game": 0.5,
    }
    assert all(values[0] == 0.0 and list(values) == sorted(values) for values in GRID.values())


@pytest.mark.parametrize("scoring", ["all", "shortlist"])
@pytest.mark.parametrize("model", ["eclare", "decaf"])
def test_the_pipeline_uses_what_was_chosen(tiny, small, model, scoring, monkeypatch):
    chosen = FusionWeights(4.0, 2.0, 0.2 if model == "eclare" else 0.0)
    monkeypatch.setattr("xcgraph.training.pipeline.tune_fusion", lambda *a: (chosen, {"P@1": 1.0, "PSP@5": 1.0}))
    settings = small(model, scoring=scoring, fusion=True, validation_fraction=0.3, instances=2)
    pipeline = Pipeline(tiny, model, "default", settings)
    members = pipeline.fit().members
    assert pipeline.fusion == chosen and pipeline.results["fusion"]["weights"] == chosen.as_dict()
    centroid = tiny.train_y.T @ tiny.train_x
    centroid = centroid.toarray() / np.linalg.norm(centroid.toarray(), axis=1, keepdims=True)
    for member in members:
        expected = (4 * centroid + 2 * tiny.label_x.toarray()).T
        np.testing.assert_allclose(
            member.lexical.weight.to_torch().to_dense().numpy(), expected, rtol=1e-4, atol=1e-6
        )
        assert (member.expansion.mix if member.expansion else 0.0) == chosen.game


def test_no_fusion(tiny, small):
    for changes in ({"fusion": False, "validation_fraction": 0.3}, {"fusion": True, "validation_fraction": 0.0}):
        pipeline = Pipeline(tiny, "eclare", "default", small(**changes))
        (member,) = pipeline.fit().members
        assert pipeline.fusion is None and member.lexical is None and "fusion" not in pipeline.results


def test_the_first_label_is_not_given_up_for_the_tail():
    class Greedy(Scripted):
        def __call__(self, weights):
            return {"score": weights.text + weights.centroid, "P@1": 40.0 - max(0.0, weights.text - 4.0)}

    weights, metrics = tune_fusion(lambda w: w, Greedy(None), use_graph=False)
    assert weights == FusionWeights(16.0, 4.0, 0.0) and metrics["P@1"] == 40.0
