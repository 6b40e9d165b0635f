from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from xcgraph.sparse import CSR
from xcgraph.training.calibrate import fit_calibration
from xcgraph.training.callbacks import Callback
from xcgraph.training.pipeline import Pipeline


class Messages(Callback):
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.phases: list[tuple[str, int]] = []

    def on_message(self, text):
        self.texts.append(text)

    def on_phase_start(self, phase, epochs, documents, epoch):
        self.phases.append((phase, documents))


def fit(tiny, settings, model="eclare", recipe="default", **options):
    pipeline = Pipeline(tiny, model, recipe, settings, **options)
    return pipeline, pipeline.fit()


@pytest.mark.parametrize("model", ["eclare", "decaf"])
def test_phases_of_the_recipes(tiny, small, model):
    for recipe, changes, phases in (
        ("default", {"scoring": "all"}, ["ranker"]),
        ("default", {"scoring": "shortlist"}, ["surrogate", "shortlister", "ranker"]),
        ("paper", {}, ["surrogate", "shortlister", "ranker"]),
    ):
        messages = Messages()
        settings = small(model, recipe, instances=2, validation_fraction=0.0, **changes)
        pipeline, ranker = fit(tiny, settings, model, recipe, callbacks=[messages])
        assert messages.phases == [(f"{phase} {n}/2", 60) for n in (1, 2) for phase in phases]
        assert set(pipeline.results) == {f"{n}/{phase}" for n in (0, 1) for phase in phases}
        # Members that score all labels are one ranker.
        assert len(ranker.members) == (1 if len(phases) == 1 else 2)
        assert all((member.shortlister is not None) == (len(phases) == 3) for member in ranker.members)
        assert any("label graph: 12 labels" in text for text in messages.texts) == (model == "eclare")
        assert any("surrogate: 12 labels in 4 clusters" in text for text in messages.texts) == (len(phases) == 3)


def test_validation_documents_are_set_aside(tiny, small):
    messages = Messages()
    pipeline, _ = fit(tiny, small(validation_fraction=0.2, instances=2), callbacks=[messages])
    (first, documents), (second, all_documents) = messages.phases
    assert (first, second) == ("ranker 1/2", "ranker 2/2")
    assert documents < 60 and all_documents == 60  # the second learns from all of them
    assert pipeline.results["1/ranker"]["epochs"] == pipeline.results["0/ranker"]["best_epoch"]
    assert pipeline.results["0/ranker"]["best"]["score"] > 0 and pipeline.results["1/ranker"]["best"] == {}


def test_game_of_the_paper_recipe(tiny, small):
    _, ranker = fit(tiny, small("eclare", "paper"), "eclare", "paper")
    (member,) = ranker.members
    assert member.expansion.mix == member.shortlister.expansion.mix == 0.5
    assert member.link == "sigmoid" and member.lexical is None and member.bias is None
    assert member.beam == member.shortlister.beam == 2
    _, ranker = fit(tiny, small("decaf", "paper"), "decaf", "paper")
    (member,) = ranker.members
    assert member.expansion is None and member.shortlister.expansion is None and member.bias is not None


@pytest.mark.parametrize("graph", ["walk", "cooccurrence", "text"])
def test_label_graphs(tiny, small, graph):
    _, ranker = fit(tiny, small(graph=graph, scoring="shortlist"))
    index, _ = ranker.predict(CSR.from_scipy(tiny.test_x), 5)
    assert index.shape == (20, 5)


def test_eclare_without_a_graph(tiny, small):
    _, ranker = fit(tiny, small(graph="none", num_hops=0, scoring="shortlist"))
    assert ranker.members[0].expansion is None


@pytest.mark.parametrize("scoring", ["all", "shortlist"])
@pytest.mark.parametrize(("refinement", "label_text"), [(True, False), (False, True), (False, False)])
def test_parts_of_a_label_that_are_left_out(tiny, small, monkeypatch, scoring, refinement, label_text):
    from xcgraph.training import instance

    made = []
    train = instance.InstanceTrainer.train

    def spy(trainer, name, model, *args, **options):
        made.append((name, model.label_text, model.refinement))
        train(trainer, name, model, *args, **options)

    monkeypatch.setattr(instance.InstanceTrainer, "train", spy)
    settings = small(scoring=scoring, refinement=refinement, label_text=label_text)
    _, ranker = fit(tiny, settings)
    parts = (label_text, refinement)
    expected = [("surrogate", True, False), ("shortlister", *parts)] if scoring == "shortlist" else []
    assert made == [*expected, ("ranker", *parts)]
    assert np.isfinite(ranker.predict(CSR.from_scipy(tiny.test_x), 1)[1]).all()


def test_labels_that_only_the_validation_documents_have(tiny, small, monkeypatch):
    from xcgraph.training import pipeline as module

    told = []
    join = module.join_rankers
    monkeypatch.setattr(module, "join_rankers", lambda *args: told.append(args) or join(*args))
    fit_rows = np.flatnonzero(tiny.train_y[:, 4].toarray().ravel() == 0)
    val_rows = np.setdiff1d(np.arange(60), fit_rows)
    monkeypatch.setattr(type(tiny), "split_validation", lambda self, *args, **options: (fit_rows, val_rows))
    validators = []
    original = module.Pipeline._validator
    monkeypatch.setattr(
        module.Pipeline, "_validator", lambda *args: validators.append(original(*args)) or validators[-1]
    )
    _, ranker = fit(tiny, small(validation_fraction=0.2, instances=2))
    ((members, (known, others)),) = told
    assert known.tolist() == [label != 4 for label in range(12)] and others is None
    # What that label scores is left to the member that has seen it.
    (joined,) = ranker.members
    first, second = joined.weight.split(8, dim=1)
    assert not first[4].any() and torch.equal(second[4], members[1].weight[4])
    torch.testing.assert_close(first[3], members[0].weight[3] / 2)
    # Softmax says nothing of what labels have in common: each member's are centred, over those that it knows.
    for member, those in ((members[0], known), (members[1], torch.ones(12, dtype=torch.bool))):
        torch.testing.assert_close(member.weight[those].mean(0), torch.zeros(8), atol=1e-5, rtol=0)
        assert float(member.bias[those].mean()) == pytest.approx(0, abs=1e-5)
    assert validators[0].truth[:, 4].nnz == 0 and validators[0].known.sum() == 11


def test_validation_documents_have_no_tokens_of_their_own(tiny, small, monkeypatch):
    from xcgraph.training import pipeline as module

    fit_rows, val_rows = np.arange(50), np.arange(50, 60)
    train_x, label_x = tiny.train_x.tolil(), tiny.label_x.tolil()
    train_x[:, 0] = label_x[:, 0] = 0.0
    train_x[53, 0] = 2.0
    data = dataclasses.replace(tiny, train_x=train_x.tocsr(), label_x=label_x.tocsr())
    monkeypatch.setattr(type(data), "split_validation", lambda self, *args, **options: (fit_rows, val_rows))
    pipeline = module.Pipeline(data, "eclare", "default", small(validation_fraction=0.2, fusion=True))
    monkeypatch.setattr(pipeline, "_tune", lambda ranker, rows, validator: stop(validator))
    with pytest.raises(StopIteration) as stopped:
        pipeline.fit()
    (validator,) = stopped.value.args
    got, before = validator.doc_x.to_scipy().toarray(), data.train_x[val_rows].toarray()
    assert before[3, 0] == 2.0 and not got[:, 0].any()
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), np.linalg.norm(before, axis=1), rtol=1e-5)
    rest = before[3] * (np.arange(before.shape[1]) > 0)
    np.testing.assert_allclose(got[3], rest * np.linalg.norm(before[3]) / np.linalg.norm(rest), rtol=1e-5)


def stop(*args):
    raise StopIteration(*args)


@pytest.mark.parametrize("filtered", [True, False])
def test_mirrored_pairs_leave_the_validation(tiny, small, monkeypatch, filtered):
    # Documents are labels: where the test side is free of mirrored pairs, the validation must be so too.
    from dataclasses import replace

    from xcgraph.training import pipeline as module

    validators = []
    original = module.Pipeline._validator
    monkeypatch.setattr(
        module.Pipeline,
        "_validator",
        lambda *args: validators.append((args[1:3], original(*args))) or validators[-1][1],
    )
    uids = [f"train-{i}" if i >= 12 else f"label-{i}" for i in range(60)]
    data = replace(tiny, train_uids=uids, test_filter=tiny.test_filter if filtered else tiny.test_filter[:0])
    fit(data, small(validation_fraction=0.3, max_epochs=1, min_epochs=1))
    (((fit_rows, val_rows), validator),) = validators
    expected = {
        (position, int(row))
        for position, document in enumerate(val_rows)
        if document < 12
        for row in fit_rows
        if row < 12 and tiny.train_y[row, document]
    }
    assert expected
    assert {*map(tuple, validator.filter_pairs.tolist())} == (expected if filtered else set())


def test_results_are_json(tiny, small):
    pipeline, _ = fit(tiny, small(validation_fraction=0.2, fusion=True))
    assert set(pipeline.results) == {"0/ranker", "fusion", "rerank", "calibration"}
    assert json.loads(json.dumps(pipeline.results)) == pipeline.results
    assert all(seconds >= 0 for seconds in pipeline.seconds.values())


def test_seconds_are_counted_once(tiny, small, monkeypatch):
    from xcgraph.graph import RandomWalkGraph
    from xcgraph.training import pipeline

    now = [0.0]
    monkeypatch.setattr(pipeline.time, "perf_counter", lambda: now[0])
    build = RandomWalkGraph.build

    def slow(self, data):
        now[0] += 100.0
        return build(self, data)

    monkeypatch.setattr(RandomWalkGraph, "build", slow)
    fitted, _ = fit(tiny, small("eclare", "paper"), "eclare", "paper")
    assert fitted.seconds["graph"] == pytest.approx(200.0)  # two graphs


RECIPES = [
    ("eclare", "default", {"scoring": "all"}),
    ("eclare", "default", {"scoring": "shortlist"}),
    ("eclare", "paper", {}),
    ("decaf", "default", {"scoring": "shortlist"}),
    ("decaf", "paper", {}),
]


@pytest.mark.parametrize(("model", "recipe", "changes"), RECIPES)
def test_with_sparse_tables_a_step_changes_only_its_rows(tiny, small, monkeypatch, model, recipe, changes):
    from xcgraph.training import make_model
    from xcgraph.training.phase import Phase

    monkeypatch.setattr(make_model, "SPARSE_TABLE", 0)  # every table is large
    step, kinds = Phase._train_step, set()

    def spy(phase, rows, generator):
        used = {}
        source = phase.candidates

        def remember(*args):
            used["step"] = source(*args)
            return used["step"]

        phase.candidates = remember
        before = {name: p.detach().clone() for name, p in phase.model.named_parameters()}
        loss = step(phase, rows, generator)
        phase.candidates = source
        labels = used["step"].labels
        assert phase.model.embedding.sparse and phase.model.classifier.sparse
        kinds.add("all" if labels is None else "some")
        allowed = torch.ones(phase.model.num_labels, dtype=torch.bool)
        if labels is not None:
            allowed[:] = False
            allowed[labels] = True
        for name in ("classifier.weight", "classifier.bias"):
            if name in before:
                changed = (dict(phase.model.named_parameters())[name] != before[name]).any(1)
                assert not changed[~allowed].any(), (phase.name, name)
        if phase.hops.mode != "exact" and labels is not None:
            tokens = torch.zeros(phase.model.num_tokens, dtype=torch.bool)
            tokens[phase.doc_x.select_rows(rows).col] = True
            tokens[phase.hops.label_x.select_rows(labels).col] = True
            changed = (phase.model.embedding.weight != before["embedding.weight"]).any(1)
            assert not changed[~tokens].any(), phase.name
        return loss

    monkeypatch.setattr(Phase, "_train_step", spy)
    settings = small(
        model, recipe, batch_size=3, negatives=2, hard_negatives=1, max_epochs=1, min_epochs=1, **changes
    )
    _, ranker = fit(tiny, settings, model, recipe)
    assert np.isfinite(ranker.predict(CSR.from_scipy(tiny.test_x), 1)[1]).all()
    assert "some" in kinds and (recipe == "default" or "all" in kinds)


def test_sparse_tables_when_all_labels_are_scored(tiny, small, monkeypatch):
    # As many negatives as labels: candidates are all labels, gradients must be sparse all the same.
    from xcgraph.training import make_model

    monkeypatch.setattr(make_model, "SPARSE_TABLE", 0)
    _, ranker = fit(tiny, small(negatives=100, scoring="all"))
    assert np.isfinite(ranker.predict(CSR.from_scipy(tiny.test_x), 3)[1]).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"hops": "sampled", "fan_out": 2},
        {"hops": "exact"},
        {"hops": "frozen"},
        {"hops": "frozen", "frozen_hops": "disk"},
        {"hops": "stale", "optimizer_state": "rowwise"},
    ],
)
@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_settings_of_scale(tiny, small, recipe, changes, tmp_path):
    settings = small("eclare", recipe, scoring="shortlist", **changes)
    results = []
    for folder in ("a", "b"):
        _, ranker = fit(tiny, settings, recipe=recipe, checkpoints=tmp_path / folder)
        results.append(ranker.predict(CSR.from_scipy(tiny.test_x), 5))
        assert (tmp_path / folder / "0-hops" / "hops.npy").is_file() == ("frozen_hops" in changes)
    (index, score), (again, _) = results
    assert index.shape == (20, 5) and np.isfinite(score[index >= 0]).all()
    np.testing.assert_array_equal(index, again)


def test_frozen_hops_need_trained_tokens(tiny, small):
    with pytest.raises(ValueError, match="needs scoring=shortlist; here all labels are scored"):
        Pipeline(tiny, "eclare", "default", small(hops="frozen", scoring="all"))


@pytest.mark.parametrize("scoring", ["all", "shortlist"])
@pytest.mark.parametrize("fusion", [False, True])
def test_calibration(tiny, small, monkeypatch, scoring, fusion):
    """Fitted to the fused ranker of the first instance, by the documents that it did not see."""
    from xcgraph.training import pipeline as module

    judged, fitted = [], []
    judge = module.Validator.judge

    def spy(validator, ranker):
        judged.append((ranker, validator.doc_x.shape[0]))
        return judge(validator, ranker)

    def fit_and_keep(*args, **options):
        fitted.append(fit_calibration(*args, **options))
        return fitted[-1]

    monkeypatch.setattr(module.Validator, "judge", spy)
    monkeypatch.setattr(module, "fit_calibration", fit_and_keep)
    messages = Messages()
    settings = small(validation_fraction=0.2, instances=2, fusion=fusion, scoring=scoring)
    pipeline, final = fit(tiny, settings, callbacks=[messages])
    ((ranker, documents),) = judged
    assert 0 < documents < 60
    if fusion:
        weights = pipeline.fusion.as_dict()
        assert (ranker.lexical is not None) == any(weights[name] for name in ("linear", "centroid", "text"))
        assert ranker.expansion.mix == weights["game"]
        # Those of the final model have learned from all documents.
        assert all(ranker is not member and ranker.lexical is not member.lexical for member in final.members)
    ((calibration, report),) = fitted
    assert pipeline.calibration is calibration and pipeline.results["calibration"] == report
    assert report["documents"] == documents and set(report["before"]) == set(report["after"])
    assert any(text.startswith(f"calibration: {report['kind']}") for text in messages.texts)
    assert json.loads(json.dumps(report)) == report


def test_no_calibration_without_validation_documents(tiny, small):
    pipeline, _ = fit(tiny, small(validation_fraction=0.0, fusion=True))
    assert pipeline.calibration is None and "calibration" not in pipeline.results


@pytest.mark.parametrize("loss, moved", [("softmax", False), ("bce", True)])
def test_what_labels_have_in_common_is_trained_where_the_loss_sees_it(tiny, small, monkeypatch, loss, moved):
    """Under softmax its gradient is nothing but rounding, which Adam would follow a whole step each time."""
    from xcgraph.training import instance

    models = []
    original = instance.InstanceTrainer.make_model
    monkeypatch.setattr(
        instance.InstanceTrainer,
        "make_model",
        lambda *args, **kw: models.append(original(*args, **kw)) or models[-1],
    )
    fit(tiny, small(loss=loss, instances=1))
    (model,) = models
    assert len(model.label_offsets) == 2
    assert all(bool(offset.any()) == moved for offset in model.label_offsets)
