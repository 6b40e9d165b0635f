from __future__ import annotations

import json
import os
import pickle
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from xcgraph.data import Vectorizer
from xcgraph.inference import (
    EnsembleRanker,
    FrozenEnsemble,
    FrozenIndex,
    FrozenModel,
    join_rankers,
    load_model,
    save_model,
)
from xcgraph.inference.folder_parts import describe_files
from xcgraph.sparse import CSR

UIDS = [f"uid{i}" for i in range(12)]
TITLES = [f"títle {i}" for i in range(12)]
TEXTS = ["alpha beta", "beta gamma delta", "epsilon zeta", "eta theta iota"]  # nine words


@pytest.fixture
def trained(tmp_path, make_ranker):
    ranker = join_rankers([make_ranker(seed, game=0.4, link="softmax") for seed in range(2)])
    ranker.lexical = make_ranker(lexical=True).lexical
    save_model(tmp_path / "model", EnsembleRanker([ranker]), Vectorizer().fit(TEXTS), UIDS, TITLES, {"seed": 3})
    return load_model(tmp_path / "model")


@pytest.fixture
def folder(tmp_path, trained):
    FrozenModel.freeze(trained, "int8", "projection").save(tmp_path / "frozen")
    return tmp_path / "frozen"


def answers(model):
    return [[part.tolist() for part in model.index.rank(*model.vectorizer.encode(text), 3)] for text in TEXTS]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("shortlist", ["none", "projection", "clusters"])
def test_round_trip(tmp_path, trained, dtype, shortlist):
    model = FrozenModel.freeze(trained, dtype, shortlist, min_weight=0.1, candidates=7)
    model.save(tmp_path / "frozen")
    again = FrozenModel.load(tmp_path / "frozen")
    assert answers(again) == answers(model)
    assert again.label_uids == UIDS and again.label_titles == TITLES
    assert again.config["seed"] == 3 and again.config["kind"] == "frozen" and "members" not in again.config
    assert again.config["index"]["shortlist"] == shortlist and again.index.candidates == 7
    assert {path.suffix for path in (tmp_path / "frozen").rglob("*.*")} == {".json", ".safetensors", ".npy"}


def test_int8_is_smaller(tmp_path, make_ranker):
    ranker = make_ranker()
    ranker.encoder.tokens = torch.randn(9, 5).repeat(100, 1)
    ranker.weight, ranker.bias = torch.randn(12, 5).repeat(100, 1), None
    names = [str(i) for i in range(1200)]
    save_model(tmp_path / "model", EnsembleRanker([ranker]), None, names, names, {})
    sizes = []
    for dtype in ("float32", "float16", "int8"):
        FrozenModel.freeze(load_model(tmp_path / "model"), dtype, "none").save(tmp_path / dtype)
        sizes.append((tmp_path / dtype / "index.safetensors").stat().st_size)
    assert sizes[0] > 1.5 * sizes[1] > sizes[2]


def test_moved(folder, tmp_path):
    expected = answers(FrozenModel.load(folder))
    assert answers(FrozenModel.load(shutil.move(folder, tmp_path / "else where"))) == expected


def test_of_the_other_kind(folder, tmp_path):
    with pytest.raises(ValueError, match=r"it is a frozen model: load it by Predictor\.load or FrozenModel\.load"):
        load_model(folder)
    with pytest.raises(ValueError, match=r"it is not frozen: load it by Predictor\.load or load_model"):
        FrozenModel.load(tmp_path / "model")
    with pytest.raises(FileNotFoundError, match="expected a model folder"):
        FrozenModel.load(tmp_path)


def test_no_file_is_overwritten(folder, trained):
    with pytest.raises(FileExistsError, match="holds files already"):
        FrozenModel.freeze(trained).save(folder)


def edit(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def seal(folder):
    edit(folder, files=describe_files(folder))


def replace(folder, name, change):
    path = folder / "index.safetensors"
    tensors = {key: value.clone() for key, value in load_file(path).items()}
    tensors[name] = change(tensors[name]).contiguous()
    save_file(tensors, path)
    seal(folder)


NAMES = [
    "index.safetensors",
    "labels.json",
    "vectorizer/config.json",
    "vectorizer/vocabulary.json",
    "vectorizer/idf.npy",
]


@pytest.mark.parametrize("name", [*NAMES, "config.json"])
@pytest.mark.parametrize("damage", [b"", b"null", b"{}", b"\xff\xfe\x00" * 50, "half", "missing"])
@pytest.mark.parametrize("sealed", [False, True])
def test_damaged(folder, name, damage, sealed):
    path = folder / name
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "half" else damage)
    if sealed and name != "config.json":
        seal(folder)
    error = FileNotFoundError if (name, damage) == ("config.json", "missing") else ValueError
    with pytest.raises(error) as caught:
        FrozenModel.load(folder)
    assert str(caught.value).startswith(str(folder)) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("labels", lambda t: t[:5]),
        ("labels", lambda t: t.float()),
        ("labels.scale", lambda t: t[:5]),
        ("mean", lambda t: t[:3]),
        ("bias", lambda t: t[:3]),
        ("encoder.1.tokens", lambda t: t[:, :2]),
        ("encoder.0.weight", lambda t: t[:, :2]),
        ("postings.col", lambda t: t + 50),
        ("postings.rowptr", lambda t: t.flip(0)),
        ("postings.rowptr", lambda t: t[:-1]),
        ("graph.col", lambda t: t - 50),
        ("graph.rowptr", lambda t: t[:4]),
        ("shortlist.columns", lambda t: t[:, :3]),
        ("shortlist.directions", lambda t: t[:, :3]),
    ],
)
def test_tensors_that_do_not_fit(folder, name, change):
    replace(folder, name, change)
    with pytest.raises(ValueError, match="cannot be read as a model"):
        FrozenModel.load(folder)


@pytest.mark.parametrize("change", [{"encoders": 1}, {"shortlist": "tree"}, {"link": "tanh"}, {"encoders": "two"}])
def test_description_that_does_not_fit(folder, change):
    index = json.loads((folder / "config.json").read_text())["index"]
    edit(folder, index={**index, **change})
    with pytest.raises(ValueError, match="cannot be read as a model"):
        FrozenModel.load(folder)


@pytest.fixture
def shortlisted(make_ranker, trained):
    """Two members with shortlists of their own, and one table of tokens."""
    members = [make_ranker(seed, shortlist=True, meta_game=0.3, game=0.2, lexical=True) for seed in (0, 1)]
    members[1].lexical = members[0].lexical
    trained.ranker = EnsembleRanker(members, depth=7)
    return trained


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("members", [1, 2])
def test_trained_shortlists(tmp_path, shortlisted, dtype, members):
    shortlisted.ranker.members = shortlisted.ranker.members[:members]
    model = FrozenModel.freeze(shortlisted, dtype)
    model.save(tmp_path / "frozen")
    again = FrozenModel.load(tmp_path / "frozen")
    assert answers(again) == answers(model) and repr(again.index) == repr(model.index)
    assert isinstance(again.index, FrozenEnsemble if members > 1 else FrozenIndex)
    tensors = load_file(tmp_path / "frozen" / "index.safetensors")
    assert sum(name.endswith("postings.value") for name in tensors) == 1  # what all share is there once
    if members > 1:
        assert again.index.depth == 7 and again.index.members[1].postings is again.index.members[0].postings
    if dtype == "float32":
        x = shortlisted.vectorizer.transform(TEXTS)
        index, score = shortlisted.ranker.predict(CSR.from_scipy(x), 3)
        for (labels, values), want, wanted in zip(answers(again), index, score, strict=True):
            assert labels == want.tolist() and values == pytest.approx(wanted.tolist(), rel=1e-4)


def test_members_with_tables_of_their_own(tmp_path, make_ranker, trained):
    trained.ranker = EnsembleRanker([make_ranker(seed, lexical=True) for seed in (0, 1)])
    model = FrozenModel.freeze(trained)
    model.save(tmp_path / "frozen")
    again = FrozenModel.load(tmp_path / "frozen")
    first, second = again.index.members
    assert answers(again) == answers(model) and first.postings is not second.postings


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("member-1.labels", lambda t: t[:5]),
        ("member-0.encoder.0.tokens", lambda t: t[:4]),
        ("member-1.shortlist.encoder.tokens", lambda t: t[:4]),
        ("member-1.shortlist.weight", lambda t: t[:2]),
        ("member-0.shortlist.labels", lambda t: t[:7]),
        ("member-0.shortlist.graph.col", lambda t: t + 4),
        ("member-0.postings.rowptr", lambda t: t[:-1]),
    ],
)
def test_tensors_of_members_that_do_not_fit(tmp_path, shortlisted, name, change):
    FrozenModel.freeze(shortlisted).save(tmp_path / "frozen")
    replace(tmp_path / "frozen", name, change)
    with pytest.raises(ValueError, match="cannot be read as a model"):
        FrozenModel.load(tmp_path / "frozen")


@pytest.mark.parametrize("change", [{"depth": 0}, {"depth": "x"}, {"members": []}, {"members": [{}]}])
def test_members_that_are_none(tmp_path, shortlisted, change):
    FrozenModel.freeze(shortlisted).save(tmp_path / "frozen")
    index = json.loads((tmp_path / "frozen" / "config.json").read_text())["index"]
    edit(tmp_path / "frozen", index={**index, **change})
    with pytest.raises(ValueError, match="cannot be read as a model"):
        FrozenModel.load(tmp_path / "frozen")


def test_newer_format(folder):
    edit(folder, format_version=5)
    with pytest.raises(ValueError, match="it is of format 5, this xcgraph reads up to 4: update xcgraph"):
        FrozenModel.load(folder)


class Hostile:
    """Makes a folder as soon as it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_is_never_executed(folder, tmp_path):
    trap = tmp_path / "executed"
    data = pickle.dumps(Hostile(str(trap)))
    for name in (*NAMES, "config.json"):
        path = folder / name
        good = path.read_bytes()
        path.write_bytes(data)
        if path.suffix == ".npy":
            np.save(path, np.array([Hostile(str(trap))], dtype=object), allow_pickle=True)
        if name != "config.json":
            seal(folder)
        with pytest.raises(ValueError):
            FrozenModel.load(folder)
        path.write_bytes(good)
        if name != "config.json":
            seal(folder)
    FrozenModel.load(folder)
    assert not trap.exists()
    pickle.loads(data)  # the trap works
    assert trap.exists()
