from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.inference import DecisionTrees, Reranker, Reranking, describe_labels
from xcgraph.metrics import Evaluator
from xcgraph.sparse import CSR
from xcgraph.training.fusion import (
    CandidateMetrics,
    CandidateScores,
    CrossFit,
    CrossFitted,
    FusionWeights,
    LexicalParts,
    fit_reranking,
    rerank,
)
from xcgraph.training.fusion.rerank import FOLDS, BestLabels
from xcgraph.training.pipeline import Pipeline
from xcgraph.training.validation import Validator

N, L = 400, 40
WEIGHTS = FusionWeights(linear=2.0, text=1.0)
COUNT = torch.arange(L) % 7


def make(told: bool, known: np.ndarray | None = None) -> tuple[CandidateMetrics, LexicalParts]:
    """Documents of one label each: the best by the linear part if that is sure, else the best by the network.

    A sum cannot be right about both. Without ``told``, the best label is the best by fused scores, and there is
    nothing to learn.
    """
    rng = np.random.default_rng(0)
    index = np.stack([rng.permutation(L)[:12] for _ in range(N)])
    network, linear = rng.normal(size=(N, 12)) * 3, rng.normal(size=(N, 12)) * 0.5
    sure = np.arange(N) % 2 == 0
    linear[sure, rng.integers(12, size=N)[sure]] = 4.0
    text = rng.normal(size=(N, 12)) * 0.1
    best = np.where(sure, linear.argmax(1), network.argmax(1))
    parts = LexicalParts(
        {name: csr_matrix((L, 3)) for name in ("linear", "text")}, {"linear": torch.linspace(0, 0.2, L)}
    )
    linear = linear + parts.bias["linear"].numpy()[index]
    scores = CandidateScores(index, network * 2, {"linear": linear, "text": text})
    if not told:
        best = scores.fused(WEIGHTS).argmax(1)
    truth = csr_matrix((np.ones(N), (np.arange(N), index[np.arange(N), best])), shape=(N, L))
    validator = Validator(None, truth, Evaluator(truth), np.empty((0, 2), dtype=np.int64), known=known)
    return CandidateMetrics(scores, validator), parts


@pytest.fixture(scope="module")
def learned():
    candidates, parts = make(told=True)
    return candidates, parts, fit_reranking(candidates, WEIGHTS, parts, COUNT, seed=1)


def test_what_a_sum_cannot_say_is_learned(learned):
    candidates, parts, cross = learned
    before = candidates(WEIGHTS)
    assert cross.metrics["P@1"] > before["P@1"] + 8 and cross.metrics["PSP@1"] > before["PSP@1"] + 8
    assert cross.learned.sources == ("linear", "text") and 0 <= cross.learned.mix <= 2
    # Each document by the trees of its fold, which have not seen it.
    assert np.bincount(cross.fold).tolist() == [N // FOLDS] * FOLDS
    best = BestLabels.of(candidates.scores, WEIGHTS, parts, COUNT)
    said = best.scored([one.trees for one in cross.of_fold], cross.fold)
    again = candidates.metrics(candidates.gains(best.spread(said + cross.learned.mix * best.logit, 12)))
    assert again == cross.metrics
    # What is served is the mean of all, but for a constant.
    mean = np.mean([one.trees(best.rows[0]) for one in cross.of_fold], axis=0)
    assert np.ptp(mean - cross.learned.trees(best.rows[0])) < 1e-9


def test_the_same_seed_learns_the_same(learned):
    candidates, parts, first = learned
    again, other = (fit_reranking(candidates, WEIGHTS, parts, COUNT, seed) for seed in (1, 2))
    assert first.metrics == again.metrics and first.learned.mix == again.learned.mix
    x = BestLabels.of(candidates.scores, WEIGHTS, parts, COUNT).rows[5]
    assert (first.learned.trees(x) == again.learned.trees(x)).all()
    assert (first.learned.trees(x) != other.learned.trees(x)).any()


def test_an_order_that_is_right_stays():
    candidates, parts = make(told=False)
    assert candidates(WEIGHTS)["P@1"] == 100
    cross = fit_reranking(candidates, WEIGHTS, parts, COUNT)
    assert cross is None or cross.metrics["P@1"] > 99


@pytest.mark.parametrize("left", [0, 3, 30])
def test_too_few_documents_to_learn_from(left):
    candidates, parts = make(told=True)
    scores = candidates.scores
    few = CandidateScores(
        scores.index[:left], scores.network[:left], {name: part[:left] for name, part in scores.lexical.items()}
    )
    truth = csr_matrix((left, L))
    validator = Validator(None, truth, Evaluator(csr_matrix(np.ones((2, L)))), np.empty((0, 2), dtype=np.int64))
    assert fit_reranking(CandidateMetrics(few, validator), WEIGHTS, parts, COUNT) is None


def test_what_trees_see():
    candidates, parts = make(told=True)
    scores = candidates.scores
    scores.index[3, 4:] = -1
    best = BestLabels.of(scores, WEIGHTS, parts, COUNT)
    fused = scores.fused(WEIGHTS)
    for row in (0, 3):
        order = np.argsort(-fused[row])[: 4 if row == 3 else 12]
        label = scores.index[row][order]
        linear = 2.0 * (scores.lexical["linear"][row][order] - parts.bias["linear"].numpy()[label])
        text = scores.lexical["text"][row][order]
        total = fused[row][order]
        sources = np.stack([total - linear - text, linear, text])
        assert best.place[row][: len(order)].tolist() == order.tolist()
        assert best.there[row].sum() == len(order)
        np.testing.assert_allclose(
            best.rows[row], describe_labels(total, sources, COUNT.numpy()[label]), rtol=1e-5
        )


def test_labels_that_are_not_known_and_filtered_pairs_are_not_learned_from(monkeypatch):
    seen = []
    from sklearn.ensemble import HistGradientBoostingClassifier

    fit = HistGradientBoostingClassifier.fit

    def spy(self, x, y, sample_weight):
        seen.append((len(x), int(y.sum()), sample_weight))
        return fit(self, x, y, sample_weight=sample_weight)

    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", spy)
    known = np.arange(L) >= 20
    candidates, parts = make(told=True, known=known)
    fit_reranking(candidates, WEIGHTS, parts, COUNT)
    assert sum(size for size, *_ in seen) == 3 * known[candidates.scores.index].sum()
    relevant = (candidates.worth > 0).sum()
    assert sum(count for _, count, _ in seen) == 3 * relevant and 100 < relevant < N
    # One for what is not relevant, more for what is, most for what is rare.
    weights = np.concatenate([weight for *_, weight in seen])
    assert weights.min() == 1
    assert weights.max() == pytest.approx(1 + rerank.WORTH * (candidates.worth.max() - 1))


def test_documents_are_ranked_by_what_has_not_seen_them(rankers, parts, doc_x):
    ranker, fold = rankers["all"], np.arange(20) % 3 % 2
    count = torch.arange(12) * 2
    rerankers = [
        Reranker(
            Reranking(stump(value), 0.0, count, ("linear",)), {"linear": CSR.from_scipy(parts.rows["linear"])}
        )
        for value in (1.0, -1.0)
    ]
    crossed = CrossFitted(ranker, rerankers, fold)
    index, score = crossed.predict(doc_x, 12)
    assert ranker.reranker is None
    for row in range(20):
        labels, values = ranker.predict(doc_x.select_rows(torch.tensor([row])), 12)
        frequent_first = sorted(labels[0].tolist(), key=lambda label: (label > 4) != (fold[row] == 0))
        assert index[row].tolist() == frequent_first
        np.testing.assert_allclose(score[row], values[0], rtol=1e-4)


def stump(value: float) -> DecisionTrees:
    """Frequent labels first, or last."""
    return DecisionTrees(
        torch.tensor([2, -1, -1], dtype=torch.int32),
        torch.tensor([np.log1p(9.5), 0.0, 0.0], dtype=torch.float64),
        torch.tensor([1, 0, 0], dtype=torch.int32),
        torch.tensor([2, 0, 0], dtype=torch.int32),
        torch.tensor([0.0, 0.0, value], dtype=torch.float64),
        torch.tensor([0], dtype=torch.int32),
    )


def planted_fit(candidates, weights, parts, count, seed):
    n = candidates.num_documents
    sources = tuple(name for name in candidates.scores.lexical if getattr(weights, name))
    of_fold = [Reranking(stump(1e6 - number), 0.5, count, sources) for number in range(2)]
    return CrossFit(Reranking(stump(1e6), 0.5, count, sources), of_fold, np.arange(n) % 2, candidates(weights))


def test_the_pipeline_serves_what_was_learned(tiny, small, monkeypatch):
    monkeypatch.setattr("xcgraph.training.pipeline.fit_reranking", planted_fit)
    judged = []
    original = Pipeline._calibrate
    monkeypatch.setattr(Pipeline, "_calibrate", lambda self, *a: judged.append(a[0]) or original(self, *a))
    settings = small(fusion=True, fuse_game=False, validation_fraction=0.3, instances=2)
    pipeline = Pipeline(tiny, "eclare", "default", settings)
    (member,) = pipeline.fit().members
    assert isinstance(member.reranker, Reranker) and member.reranker.learned.trees is pipeline.reranking.trees
    counts = np.asarray(tiny.train_y.sum(0)).ravel()
    assert member.reranker.learned.count.tolist() == counts.tolist()
    assert isinstance(judged[0], CrossFitted) and all(one.reranker is not None for one in judged[0].rankers)
    assert [one.reranker.learned.trees.tensors()["value"][2].item() for one in judged[0].rankers] == [1e6, 1e6 - 1]
    # In that of the validation documents, labels have fewer documents.
    assert judged[0].rankers[0].reranker.learned.count.sum() < counts.sum()
    index, _ = member.predict(CSR.from_scipy(tiny.test_x), 12)
    frequent = counts[index] > 9.5
    assert frequent.any() and not frequent.all() and (np.diff(frequent.astype(int), axis=1) <= 0).all()
    assert pipeline.results["rerank"]["kept"] and pipeline.results["rerank"]["mix"] == 0.5
    assert pipeline.seconds["rerank"] > 0


@pytest.mark.parametrize("changes", [{"rerank": False}, {"scoring": "shortlist"}, {"fusion": False}])
def test_where_labels_keep_their_order(tiny, small, monkeypatch, changes):
    monkeypatch.setattr("xcgraph.training.pipeline.fit_reranking", lambda *a: pytest.fail("was fitted"))
    settings = small(**{"fusion": True, "validation_fraction": 0.3, **changes})
    pipeline = Pipeline(tiny, "eclare", "default", settings)
    assert all(member.reranker is None for member in pipeline.fit().members)
    assert pipeline.reranking is None and "rerank" not in pipeline.results


def test_the_expansion_is_weighed_after_the_new_order(tiny, small, monkeypatch):
    monkeypatch.setattr("xcgraph.training.pipeline.fit_reranking", planted_fit)
    given = []
    told = {"score": 1.0, "P@1": 1.0, "PSP@5": 1.0}
    monkeypatch.setattr(
        "xcgraph.training.pipeline.tune_game",
        lambda make, validator, start: given.append((make(0.2), validator, start)) or (0.2, told),
    )
    pipeline = Pipeline(tiny, "eclare", "default", small(fusion=True, validation_fraction=0.3))
    (member,) = pipeline.fit().members
    ((fitted, validator, start),) = given
    assert isinstance(fitted, CrossFitted) and {one.expansion.mix for one in fitted.rankers} == {0.2}
    plain = replace(fitted.rankers[0].expansion, mix=0.0)
    for one in fitted.rankers:
        one.expansion = plain
    assert start == pytest.approx(validator(fitted)) and member.expansion.mix == 0.2
