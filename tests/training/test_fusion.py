from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from xcgraph.inference import EnsembleRanker, JoinedEncoder, LabelRanker, document_centroids
from xcgraph.metrics import Evaluator
from xcgraph.sparse import CSR
from xcgraph.training.fusion import (
    LEXICAL,
    PRIOR,
    CandidateMetrics,
    CandidateScores,
    FusionWeights,
    LexicalParts,
    candidate_scores,
    tune_game,
    tune_lexical,
)
from xcgraph.training.fusion.search import FACTORS, GAME, SCALES, WORTH, best_of_each, climb, gain
from xcgraph.training.one_vs_all import fit_one_vs_all
from xcgraph.training.pipeline import Pipeline
from xcgraph.training.seeds import derive_seed
from xcgraph.training.validation import Validator

WEIGHTS = FusionWeights(2.0, 3.0, 0.5)


@pytest.fixture(scope="session")
def parts(tiny):
    linear = fit_one_vs_all(tiny.train_x, tiny.train_y)
    centroid = document_centroids(tiny.train_x, tiny.train_y)
    bias = torch.rand(12, generator=torch.Generator().manual_seed(0))  # real ones are zero but for frequent labels
    return LexicalParts({"linear": linear.weight, "centroid": centroid, "text": tiny.label_x}, {"linear": bias})


@pytest.fixture(scope="session")
def rankers(tiny, small):
    """Untuned rankers by scoring."""
    return {
        scoring: Pipeline(tiny, "eclare", "default", small(scoring=scoring)).fit().members[0]
        for scoring in ("all", "shortlist")
    }


@pytest.fixture
def doc_x(tiny):
    return CSR.from_scipy(tiny.test_x)


def dense_parts(parts, tiny):
    x = tiny.test_x.toarray()
    return {name: x @ parts.rows[name].toarray().T + parts.bias_of(name).numpy() for name in LEXICAL}


def test_weights_are_json():
    weights = FusionWeights(1.0, 2.0, 3.0, 0.5)
    assert json.loads(json.dumps(weights.as_dict())) == {"linear": 1, "centroid": 2, "text": 3, "game": 0.5}
    assert FusionWeights() == FusionWeights(0.0, 0.0, 0.0, 0.0)
    assert PRIOR.game == 0 and FACTORS[1.0] == 0.0 and all(price > 0 for f, price in FACTORS.items() if f != 1)


def test_scorers_of_the_parts(tiny, parts, doc_x):
    expected = dense_parts(parts, tiny)
    for name in LEXICAL:
        got = parts.single(name).add_(parts.bias_of(name).repeat(20, 1), doc_x)
        np.testing.assert_allclose(got, expected[name], rtol=1e-5, atol=1e-5)
    weights = replace(WEIGHTS, game=0.3)
    got = parts.scorer(weights).add_(parts.weighted_bias(weights).repeat(20, 1), doc_x)
    total = 2 * expected["linear"] + 3 * expected["centroid"] + 0.5 * expected["text"]
    np.testing.assert_allclose(got, total, rtol=1e-5, atol=1e-5)
    assert parts.scorer(FusionWeights(game=0.3)) is None


def test_biases_of_the_parts(parts):
    assert parts.bias_of("linear").all() and not parts.bias_of("text").any()
    torch.testing.assert_close(parts.weighted_bias(WEIGHTS), 2 * parts.bias["linear"])
    assert parts.weighted_bias(replace(WEIGHTS, linear=0.0)) is None
    assert LexicalParts(parts.rows).weighted_bias(WEIGHTS) is None


@pytest.mark.parametrize("pieces", [1, 50, 1 << 24])
def test_candidates_where_all_labels_are_scored(tiny, parts, rankers, doc_x, monkeypatch, pieces):
    monkeypatch.setattr("xcgraph.training.fusion.scores._MAX_SCORES", pieces)
    ranker, lexical = rankers["all"], dense_parts(parts, tiny)
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


def same_everywhere(value: float) -> dict[str, float]:
    return dict.fromkeys(WORTH, value)


class Scripted:
    """Metrics of weights by a function, and which weights were asked for."""

    def __init__(self, function) -> None:
        self.function, self.asked = function, []

    def __call__(self, weights):
        self.asked.append(weights)
        value = self.function(weights)
        return value if isinstance(value, dict) else same_everywhere(value)


def away(weights: FusionWeights) -> float:
    """Best without a linear part, twice the centroid, the text as it is."""
    factors = {name: getattr(weights, name) / getattr(PRIOR, name) for name in LEXICAL}
    return 50.0 - 2 * factors["linear"] - abs(factors["centroid"] - 2) - abs(factors["text"] - 1)


def test_gain_is_that_of_all_metrics_at_once():
    base = {**same_everywhere(49.0), "PSP@1": 24.0, "PSP@3": 24.0, "PSP@5": 24.0}
    assert gain(base, base) == 0.0
    # Five percent more of the tail are worth one more at the top.
    even = {
        name: (value + 1) * np.exp(0.05 if name.startswith("PSP") else 0.01) - 1 for name, value in base.items()
    }
    assert gain(even, base) == pytest.approx(1.0)
    # What is lost anywhere counts for more than what is won elsewhere.
    for name in WORTH:
        assert gain({**even, name: base[name]}, base) < 1.0 - 1 / len(WORTH)
        assert 1.0 < gain({**even, name: 99.0}, base) < 1.2
    # A metric near zero does not decide, even where half of it is lost; others that are told do not count.
    assert -1.0 < gain({**base, "PSP@5": 0.1, "score": 3.0}, {**base, "PSP@5": 0.2}) < 0.0


def climb_from(evaluate, num_documents, *args, **options):
    """What :func:`climb` finds by the gain over the prior."""
    return climb(evaluate, num_documents, evaluate(PRIOR), *args, **options)


def test_flat_metrics_keep_the_prior():
    evaluate = Scripted(lambda weights: 7.0)
    assert climb_from(evaluate, 10**9) == PRIOR
    # From the prior and from four times that, each weights once.
    del evaluate.asked[0]  # for the baseline
    assert PRIOR in evaluate.asked and len(evaluate.asked) == len(set(evaluate.asked)) <= 2 * (1 + 3 * 7 + 6)


def test_many_documents_move_the_weights_and_few_do_not():
    assert climb_from(Scripted(away), 10**6) == FusionWeights(0.0, 2 * PRIOR.centroid, PRIOR.text)
    assert climb_from(Scripted(away), 1) == PRIOR
    # What is gained by leaving out the linear part costs three octaves.
    better, worse = 100 * np.exp(0.02) - 1, 99.0
    enough = (3 * 3.0 / gain(same_everywhere(better), same_everywhere(worse))) ** 2
    for documents, expected in ((0.9 * enough, PRIOR.linear), (1.1 * enough, 0.0)):
        scripted = Scripted(lambda weights: better if weights.linear == 0 else worse)
        assert climb_from(scripted, documents) == replace(PRIOR, linear=expected)


def test_parts_that_are_not_named_get_no_weight():
    evaluate = Scripted(away)
    assert climb_from(evaluate, 10**6, ["centroid"]) == FusionWeights(centroid=2 * PRIOR.centroid)
    assert all(asked.linear == asked.text == asked.game == 0 for asked in evaluate.asked[1:])
    assert climb_from(Scripted(lambda weights: 3.0), 100, []) == FusionWeights()


def test_weights_beyond_worse_ones_are_found():
    far = FusionWeights(**{name: 4 * getattr(PRIOR, name) for name in LEXICAL})

    def function(weights):  # all that lies between is worse than both
        return 60.0 if weights == replace(far, text=far.text / 2) else 50.0 if weights in (PRIOR, far) else 1.0

    assert climb_from(Scripted(function), 10**6) == replace(far, text=far.text / 2)


def test_all_parts_together_against_the_model():
    def function(weights):  # each part alone does harm
        factors = [getattr(weights, name) / getattr(PRIOR, name) for name in LEXICAL]
        return 50.0 + min(factors) if max(factors) == min(factors) else 0.0

    largest = max(SCALES)
    expected = FusionWeights(**{name: largest * getattr(PRIOR, name) for name in LEXICAL})
    assert climb_from(Scripted(function), 10**6) == expected


def test_a_second_round_goes_on_from_the_first():
    def function(weights):  # the linear part helps only once there is no text
        four_times = replace(PRIOR, text=0.0, linear=4 * PRIOR.linear)
        return 5.0 * (weights.text == 0) + 5.0 * (weights == four_times)

    once, twice = (climb_from(Scripted(function), 10**6, rounds=rounds) for rounds in (1, 3))
    assert once == replace(PRIOR, text=0.0)
    assert twice == replace(PRIOR, text=0.0, linear=4 * PRIOR.linear)


def test_the_top_is_not_given_up_for_the_tail():
    def costly(weights):  # text raises the tail, and costs as many percent at the top
        factor = weights.text / PRIOR.text
        return {name: 50.0 + (factor if name.startswith("PSP") else -factor) for name in WORTH}

    assert climb_from(Scripted(costly), 10**6).text < 0.5 * PRIOR.text


def test_what_is_gained_on_decides_where_more_is_needed():
    def trade(weights):
        factor = weights.text / PRIOR.text
        return {name: 50.0 + (factor if name.startswith("PSP") else -factor / 5) for name in WORTH}

    behind, ahead = ({**same_everywhere(50.0), **dict.fromkeys(("PSP@1", "PSP@3", "PSP@5"), x)} for x in (60, 40))
    assert climb(Scripted(trade), 10**6, behind).text > PRIOR.text
    assert climb(Scripted(trade), 10**6, ahead).text < PRIOR.text


def test_the_best_of_each_metric_comes_from_weights_of_its_own():
    def function(weights):  # the top wants the linear part alone, the tail the others
        linear, others = weights.linear / PRIOR.linear, weights.text / PRIOR.text
        assert weights.centroid / PRIOR.centroid == pytest.approx(others, abs=0.01)
        top, tail = linear - others, others - linear
        return {name: 50.0 + (tail if name.startswith("PSP") else top) for name in WORTH}

    evaluate = Scripted(function)
    expected = same_everywhere(53.0)
    assert best_of_each(evaluate) == expected and FusionWeights() in evaluate.asked
    only_text = Scripted(
        lambda weights: 40.0 + weights.text / PRIOR.text + 7 * weights.linear + 7 * weights.centroid
    )
    assert best_of_each(only_text, ["text"]) == same_everywhere(43.0)
    assert best_of_each(Scripted(lambda weights: 40.0), []) == same_everywhere(40.0)


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


class Resampled:
    """Stands for candidates: metrics by a function of weights and of how often each document counts."""

    def __init__(self, num_documents, function) -> None:
        self.num_documents, self.function, self.counts = num_documents, function, []

    def __call__(self, weights, counts):
        self.counts.append(tuple(counts))
        return same_everywhere(self.function(weights, counts))


def test_weights_are_means_over_resamples():
    def function(weights, counts):  # half of the documents want twice the text, and the others half of it
        factor = weights.text / PRIOR.text
        return 50.0 + 10 * (counts[:50].sum() > counts[50:].sum()) * (factor == 2) + 5 * (factor == 0.5)

    candidates = Resampled(100, function)
    weights = tune_lexical(candidates, resamples=20, seed=3)
    drawn = list(dict.fromkeys(candidates.counts))
    assert len(drawn) == 20 and all(sum(counts) == 100 for counts in drawn)
    twice = sum(sum(counts[:50]) > sum(counts[50:]) for counts in drawn)
    assert 0 < twice < 20
    assert weights == replace(PRIOR, text=round(PRIOR.text * 2 ** ((2 * twice - 20) / 20), 2))
    assert tune_lexical(Resampled(100, function), resamples=20, seed=3) == weights
    assert tune_lexical(Resampled(100, function), resamples=20, seed=4) != weights


def test_what_nearly_all_resamples_leave_out_gets_no_weight():
    def function(weights, counts):
        return 50.0 + 10 * (weights.linear == 0)

    assert tune_lexical(Resampled(10**6, function), resamples=2) == replace(PRIOR, linear=0.0)
    assert tune_lexical(Resampled(10**6, function), ["centroid"], resamples=1) == FusionWeights(
        centroid=PRIOR.centroid
    )


def test_without_validation_documents_weights_are_the_prior():
    assert tune_lexical(Resampled(0, None)) == PRIOR


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 0.0),
        ({0.05: 1.0, 0.1: 3.0, 0.2: 2.0}, 0.1),
        ({0.3: 0.5}, 0.3),
        ({0.05: 1.0, 0.1: 1.0}, 0.05),
        (dict.fromkeys(GAME, -0.5), 0.0),
    ],
)
def test_weight_of_the_neighbours(values, expected):
    start = same_everywhere(0.0)
    validator = Scripted(lambda mix: values.get(mix, 0.0))
    mix, metrics = tune_game(lambda mix: mix, validator, start)
    assert mix == expected and metrics == same_everywhere(values.get(expected, 0.0))
    assert validator.asked == list(GAME)


@pytest.mark.parametrize("scoring", ["all", "shortlist"])
@pytest.mark.parametrize("model", ["eclare", "decaf"])
def test_the_pipeline_uses_what_was_chosen(tiny, small, model, scoring, monkeypatch):
    chosen, told = FusionWeights(3.0, 4.0, 2.0), {"score": 1.0, "P@1": 1.0, "PSP@5": 1.0}
    monkeypatch.setattr("xcgraph.training.pipeline.tune_lexical", lambda *a, seed: chosen)
    monkeypatch.setattr("xcgraph.training.pipeline.tune_game", lambda make, validator, start: (0.2, told))
    settings = small(model, scoring=scoring, fusion=True, validation_fraction=0.3, instances=2)
    pipeline = Pipeline(tiny, model, "default", settings, seed=4)
    members = pipeline.fit().members
    game = 0.2 if model == "eclare" else 0.0
    assert pipeline.fusion == replace(chosen, game=game)
    assert pipeline.results["fusion"]["weights"] == pipeline.fusion.as_dict()
    best = pipeline.results["fusion"]["best"]
    assert best == told if model == "eclare" else set(WORTH) < set(best)
    # All that is served is learned from all training documents.
    linear = fit_one_vs_all(tiny.train_x, tiny.train_y, seed=derive_seed(4, "linear")).weight.toarray()
    centroid = document_centroids(tiny.train_x, tiny.train_y).toarray()
    expected = (3 * linear + 4 * centroid + 2 * tiny.label_x.toarray()).T
    assert len(members) == (1 if scoring == "all" else 2)
    assert isinstance(members[0].encoder, JoinedEncoder) == (scoring == "all")
    for member in members:
        np.testing.assert_allclose(
            member.lexical.weight.to_torch().to_dense().numpy(), expected, rtol=1e-4, atol=1e-5
        )
        assert (member.expansion.mix if member.expansion else 0.0) == game
        assert member.lexical is members[0].lexical  # a model folder then holds it once


@pytest.mark.parametrize("label_bias", [False, True])
@pytest.mark.parametrize("scoring", ["all", "shortlist"])
def test_the_pipeline_adds_biases_of_the_linear_part(tiny, small, scoring, label_bias):
    settings = small(scoring=scoring, fusion=True, label_bias=label_bias, validation_fraction=0.0, instances=2)
    without = Pipeline(tiny, "eclare", "default", settings.updated({"fuse_linear": False})).fit().members
    pipeline = Pipeline(tiny, "eclare", "default", settings)
    bias = pipeline._lexical(np.arange(60)).bias["linear"]
    assert bias.max() > 0.01  # of 60 documents, every label has some
    members = pipeline.fit().members
    assert len(members) == len(without) == (1 if scoring == "all" else 2)
    for member, other in zip(members, without, strict=True):
        assert (other.bias is not None) == label_bias
        before = other.bias if label_bias else torch.zeros(12)
        torch.testing.assert_close(member.bias - before, PRIOR.linear * bias)


def test_weights_are_tuned_without_the_validation_documents(tiny, small, monkeypatch):
    seen = []
    original = Pipeline._lexical
    monkeypatch.setattr(Pipeline, "_lexical", lambda self, rows: seen.append(rows) or original(self, rows))
    settings = small(fusion=True, validation_fraction=0.3)
    fitted = Pipeline(tiny, "eclare", "default", settings)
    (member,) = fitted.fit().members
    first, second = seen
    assert len(first) < 60 and second.tolist() == list(range(60))
    assert fitted.seconds["fusion"] > 0
    assert (member.lexical is None) == (not any(getattr(fitted.fusion, name) for name in LEXICAL))


@pytest.mark.parametrize("off", [*LEXICAL, "game"])
def test_parts_can_be_switched_off(tiny, small, off):
    settings = small(fusion=True, validation_fraction=0.3, max_epochs=1, min_epochs=1, **{f"fuse_{off}": False})
    pipeline = Pipeline(tiny, "eclare", "default", settings)
    pipeline.fit()
    assert getattr(pipeline.fusion, off) == 0
    assert any(getattr(pipeline.fusion, name) > 0 for name in LEXICAL)


def test_a_linear_part_that_is_off_is_not_fitted(tiny, small, monkeypatch):
    monkeypatch.setattr("xcgraph.training.pipeline.fit_one_vs_all", lambda *_, **__: pytest.fail("was fitted"))
    settings = small(fusion=True, validation_fraction=0.3, fuse_linear=False)
    Pipeline(tiny, "eclare", "default", settings).fit()


def test_without_lexical_parts(tiny, small):
    off = {f"fuse_{name}": False for name in LEXICAL}
    pipeline = Pipeline(tiny, "eclare", "default", small(fusion=True, validation_fraction=0.3, **off))
    (member,) = pipeline.fit().members
    assert member.lexical is None and pipeline.fusion == FusionWeights(game=member.expansion.mix)


def test_no_fusion(tiny, small):
    pipeline = Pipeline(tiny, "eclare", "default", small(fusion=False, validation_fraction=0.3))
    (member,) = pipeline.fit().members
    assert pipeline.fusion is None and member.lexical is None and "fusion" not in pipeline.results


def test_without_validation_documents_weights_stay_as_they_start(tiny, small):
    pipeline = Pipeline(tiny, "eclare", "default", small(fusion=True, validation_fraction=0.0, fuse_text=False))
    (member,) = pipeline.fit().members
    assert pipeline.fusion == replace(PRIOR, text=0.0) and member.lexical is not None
    assert pipeline.results["fusion"] == {"weights": pipeline.fusion.as_dict(), "best": {}}


def test_settings_of_the_linear_part(tiny, small, monkeypatch):
    told = []

    def spy(x, y, unknown, **options):
        told.append((x.shape[0], unknown, options))
        return fit_one_vs_all(x, y, unknown, **options)

    monkeypatch.setattr("xcgraph.training.pipeline.fit_one_vs_all", spy)
    filtered = replace(tiny, train_filter=np.array([[0, 5], [7, 2], [7, 2]]))
    settings = small("decaf", fusion=True, validation_fraction=0.3, linear_negatives=17)
    Pipeline(filtered, "decaf", "default", settings).fit()
    assert [options["negatives"] for *_, options in told] == [17, 17]
    rows, unknown, _ = told[1]
    assert rows == 60 and {*zip(*unknown.nonzero(), strict=True)} == {(0, 5), (7, 2)}
    Pipeline(filtered, "decaf", "default", settings.updated({"mask_filtered": False})).fit()
    assert [unknown for _, unknown, _ in told[2:]] == [None, None]


def test_filtered_pairs_leave_the_loss_where_settings_say_so(tiny, small, monkeypatch):
    from xcgraph.training import all_labels

    given = []
    original = all_labels.SampledLabels
    monkeypatch.setattr(
        all_labels, "SampledLabels", lambda *a, **k: given.append(k.get("unknown", a[3:])) or original(*a, **k)
    )
    filtered = replace(tiny, train_filter=np.array([[0, 5], [7, 2]]))
    for data, changes in ((filtered, {}), (filtered, {"mask_filtered": False}), (tiny, {})):
        Pipeline(data, "eclare", "default", small(validation_fraction=0.0, max_epochs=1, **changes)).fit()
    first, *others = given
    assert {*zip(first.row().tolist(), first.col.tolist(), strict=True)} == {(0, 5), (7, 2)}
    assert others == [None, None]


def test_tuned_metrics_are_those_of_the_ranker(tiny, small):
    """What tuning says of the chosen weights is what the fused ranker gets on those documents."""
    settings = small(fusion=True, fuse_game=False, validation_fraction=0.3)
    pipeline = Pipeline(tiny, "eclare", "default", settings)
    split = tiny.split_validation(
        0.3, 5000, derive_seed(0, "split"), keep_duplicates_together=True, keep_labels=False
    )
    seen = {}
    original = Pipeline._tune

    def spy(self, ranker, rows, validator):
        weights, given = original(self, ranker, rows, validator)
        parts = self._lexical(rows)
        fused = LabelRanker(
            ranker.encoder, ranker.weight, ranker.bias + parts.weighted_bias(weights), beam=ranker.beam,
            link=ranker.link, lexical=parts.scorer(weights),
        )  # fmt: skip
        seen["rows"], seen["metrics"] = rows, validator(EnsembleRanker([fused]))
        for mine, theirs in zip(fused.rank(validator.doc_x, 5), given.rank(validator.doc_x, 5), strict=True):
            assert torch.equal(mine, theirs)
        return weights, given

    pipeline._tune = spy.__get__(pipeline)
    pipeline.fit()
    assert seen["rows"].tolist() == split[0].tolist()
    assert pipeline.results["fusion"]["best"] == pytest.approx(seen["metrics"])
