from __future__ import annotations

import dataclasses
import json
import typing
from typing import Literal

import pytest

from xcgraph.training import Settings, make_settings

KINDS = typing.get_type_hints(Settings)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind is int])
def test_whole_numbers(name):
    assert getattr(make_settings(overrides=[f"{name}=7"]), name) == 7
    assert type(getattr(make_settings(overrides=[f"{name} = 7.0"]), name)) is int
    for value in ("7.5", "seven", "", "nan"):
        with pytest.raises(ValueError, match=f"'{name}' must be a whole number, got '{value}'"):
            make_settings(overrides=[f"{name}={value}"])


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind is float])
def test_numbers(name):
    for text, value in (("0.5", 0.5), ("5e-1", 0.5), (".25", 0.25)):
        got = getattr(make_settings(overrides=[f"{name}={text}"]), name)
        assert got == value and type(got) is float
    with pytest.raises(ValueError, match=f"'{name}' must be a number, got 'much'"):
        make_settings(overrides=[f"{name}=much"])


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind is bool])
def test_booleans(name):
    for text, value in (("true", True), ("Yes", True), ("1", True), ("False", False), ("no", False), ("0", False)):
        assert getattr(make_settings(overrides=[f"{name}={text}"]), name) is value
    assert getattr(make_settings(overrides={name: False}), name) is False
    with pytest.raises(ValueError, match=f"'{name}' must be true or false, got 'maybe'"):
        make_settings(overrides=[f"{name}=maybe"])


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if typing.get_origin(kind) is Literal])
def test_names(name):
    for value in typing.get_args(KINDS[name]):
        more = ["num_hops=0", "game=0"] if value == "none" else []
        assert getattr(make_settings(overrides=[f"{name}={value}", *more]), name) == value
    with pytest.raises(ValueError, match=f"'{name}' must be one of .*, got 'other'"):
        make_settings(overrides=[f"{name}=other"])


def test_every_setting_has_a_kind_that_is_tested():
    rest = {n: k for n, k in KINDS.items() if k not in (int, float, bool) and typing.get_origin(k) is not Literal}
    assert not rest


@pytest.mark.parametrize(
    ("key", "hint"),
    [("dmi", "did you mean 'dim'"), ("learning_rat", "did you mean 'learning_rate'"), ("zzzz", "known: .*dim, ")],
)
def test_unknown_key(key, hint):
    with pytest.raises(ValueError, match=f"no setting is called '{key}'; {hint}"):
        make_settings(overrides=[f"{key}=3"])
    with pytest.raises(ValueError, match=f"no setting is called '{key}'"):
        make_settings(overrides={key: 3})


def test_text_of_overrides():
    assert make_settings(overrides=["dim=4", "dim=8"]).dim == 8
    with pytest.raises(ValueError, match="expected key=value, got 'dim'"):
        make_settings(overrides=["dim"])


@pytest.mark.parametrize(
    "change",
    [
        "dim=0", "dim=-3", "instances=0", "batch_size=0", "negatives=0", "patience=0", "beam=0", "max_steps=-1",
        "cluster_size=0", "linear_negatives=0", "learning_rate=0", "learning_rate=-0.1",
        "surrogate_epochs=0", "top_k=0",
    ],
)  # fmt: skip
def test_must_be_positive(change):
    with pytest.raises(ValueError, match=f"'{change.split('=')[0]}' must be positive, got"):
        make_settings(overrides=[change])


def test_near_negatives_may_be_none():
    assert make_settings(overrides=["linear_near=0"]).linear_near == 0
    with pytest.raises(ValueError, match="'linear_near' must not be negative, got -1"):
        make_settings(overrides=["linear_near=-1"])


@pytest.mark.parametrize("change", ["dim=inf", "learning_rate=nan", "learning_rate=inf", "prune_max_dist=nan"])
def test_must_be_finite(change):
    with pytest.raises(ValueError, match=f"'{change.split('=')[0]}' must be"):
        make_settings(overrides=[change])


@pytest.mark.parametrize("name", ["dropout", "document_dropout", "surrogate_dropout", "validation_fraction"])
def test_shares(name):
    assert getattr(make_settings(overrides=[f"{name}=0"]), name) == 0
    for value in ("1", "-0.1"):
        with pytest.raises(ValueError, match=f"'{name}' must be at least 0 and below 1"):
            make_settings(overrides=[f"{name}={value}"])


@pytest.mark.parametrize("name", ["restart", "game", "warmup"])
def test_probabilities(name):
    assert getattr(make_settings(overrides=[f"{name}=1"]), name) == 1
    for value in ("1.1", "-0.1"):
        with pytest.raises(ValueError, match=f"'{name}' must be between 0 and 1"):
            make_settings(overrides=[f"{name}={value}"])


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_decaf_has_no_graph(recipe):
    settings = make_settings("decaf", recipe)
    assert (settings.graph, settings.num_hops, settings.game) == ("none", 0, 0.0)
    for change in ("graph=walk", "num_hops=1", "game=0.5"):
        with pytest.raises(ValueError, match="DECAF uses no label graph"):
            make_settings("decaf", recipe, [change])


def test_eclare_without_a_graph():
    settings = make_settings("eclare", overrides=["graph=none", "num_hops=0"])
    assert settings.graph == "none"
    for more in ([], ["num_hops=1"], ["num_hops=0", "game=0.5"]):
        with pytest.raises(ValueError, match=r"without a label graph \(graph=none\)"):
            make_settings("eclare", overrides=["graph=none", *more])


def test_parts_of_a_label_that_may_be_left_out():
    assert not make_settings("eclare", overrides=["refinement=false"]).refinement
    assert not make_settings("eclare", overrides=["label_text=false"]).label_text
    hops = make_settings("eclare", overrides=["refinement=false", "label_text=false"])  # the graph's are left
    assert hops.num_hops == 1
    with pytest.raises(ValueError, match="a label needs its text, a hop over the graph or a refinement vector"):
        make_settings("eclare", overrides={"refinement": False, "label_text": False, "num_hops": 0})
    for name in ("refinement", "label_text"):
        with pytest.raises(ValueError, match="DECAF mixes label text and refinement vectors: both must stay"):
            make_settings("decaf", overrides={name: False})


def test_unknown_model_and_recipe():
    with pytest.raises(ValueError, match="'model' must be 'eclare' or 'decaf', got 'xyz'"):
        make_settings("xyz")
    with pytest.raises(ValueError, match="'recipe' must be 'default' or 'paper', got 'best'"):
        make_settings("eclare", "best")


def test_paper_recipe_of_eclare():
    # LF-AmazonTitles-131K: learning rates, epochs, beam, dimensions, batch, dropout and graph of the publication.
    s = make_settings("eclare", "paper")
    assert (s.dim, s.batch_size, s.instances, s.beam, s.cluster_size) == (300, 255, 3, 50, 4)
    assert (s.surrogate_epochs, s.shortlister_epochs, s.ranker_epochs) == (20, 10, 10)
    assert (s.surrogate_learning_rate, s.ranker_learning_rate) == (0.005, 0.004)
    assert (s.dropout, s.document_dropout, s.surrogate_dropout) == (0.2, 0.2, 0.2)
    assert (s.graph, s.restart, s.walk_length, s.graph_top_k, s.head_threshold) == ("walk", 0.8, 400, 10, 500)
    assert (s.prune_max_dist, s.num_hops, s.game, s.label_bias, s.scoring) == (1.0, 1, 0.5, False, "shortlist")
    # No part of the default recipe is left in.
    assert (s.combine, s.loss, s.fusion, s.validation_fraction) == ("attention", "bce", False, 0.0)


def test_paper_recipe_of_decaf():
    s = make_settings("decaf", "paper")
    assert (s.dim, s.batch_size, s.instances, s.beam, s.cluster_size) == (300, 255, 3, 200, 4)
    assert (s.surrogate_epochs, s.shortlister_epochs, s.ranker_epochs) == (20, 10, 10)
    assert (s.surrogate_learning_rate, s.ranker_learning_rate) == (0.01, 0.008)
    assert (s.dropout, s.document_dropout, s.surrogate_dropout) == (0.2, 0.2, 0.5)
    assert s.label_bias and s.scoring == "shortlist"
    assert (s.loss, s.fusion, s.validation_fraction) == ("bce", False, 0.0)


def test_overrides_win_over_the_recipe():
    assert make_settings("eclare", "paper", ["dim=16", "game=0"]).dim == 16
    assert make_settings("eclare", "paper", {"game": 0}).game == 0


def test_loss_by_the_documents_of_a_label():
    settings = make_settings()
    assert settings.loss == "auto"
    with pytest.raises(ValueError, match="'loss' depends on the size of the data"):
        _ = settings.label_loss
    for pairs, expected in ((14 * 30, "softmax"), (15 * 30, "bce")):
        assert settings.fitted(1000, 30, 100, pairs).label_loss == expected
    for loss in ("softmax", "bce"):
        assert make_settings(overrides=[f"loss={loss}"]).fitted(1000, 30, 100, 5000).label_loss == loss
    assert make_settings("eclare", "paper").label_loss == "bce"
    with pytest.raises(ValueError, match="loss=auto belongs to the default recipe"):
        make_settings("eclare", "paper", ["loss=auto"])


def test_json_and_copies():
    settings = make_settings("eclare", "paper")
    values = json.loads(json.dumps(settings.as_dict()))
    assert Settings(**values) == settings and make_settings("eclare", "default", values) == settings
    assert settings.updated({"dim": 5}).dim == 5 and settings.dim == 300
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.dim = 3
