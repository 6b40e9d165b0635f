from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from xcgraph.inference import EnsembleRanker, JoinedEncoder, LabelRanker, document_centroids
from xcgraph.training.fusion import LEXICAL, PRIOR, FusionWeights
from xcgraph.training.fusion.search import WORTH
from xcgraph.training.one_vs_all import fit_one_vs_all
from xcgraph.training.pipeline import Pipeline
from xcgraph.training.seeds import derive_seed


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
