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
from xcgraph.inference import EnsembleRanker, JoinedEncoder, join_rankers, load_model, save_model
from xcgraph.inference.folder_parts import describe_files

UIDS = [f"uid{i}" for i in range(12)]
TITLES = [f"títle {i}" for i in range(12)]
TEXTS = ["alpha beta", "beta gamma delta", "epsilon zeta", "eta theta iota"]  # nine words


@pytest.fixture
def vectorizer():
    return Vectorizer().fit(TEXTS)


@pytest.fixture
def folder(tmp_path, make_ranker, vectorizer):
    ranker = EnsembleRanker([make_ranker(0, shortlist=True, game=0.5, meta_game=0.5), make_ranker(1)])
    save_model(tmp_path / "model", ranker, vectorizer, UIDS, TITLES, {"seed": 3})
    return tmp_path / "model"


@pytest.mark.parametrize(
    "options",
    [
        [{}],
        [{"bias": False, "link": "softmax"}],
        [{"shortlist": True, "bias": False}],
        [{"shortlist": True, "game": 0.3, "meta_game": 0.5, "beam": 4}],
        [{"shortlist": True, "link": "softmax"}, {"game": 0.5}, {}],
        [{"lexical": True}, {"lexical": True, "link": "softmax"}, {}],
        [{"lexical": True, "shortlist": True, "game": 0.5}],
    ],
)
def test_round_trip(tmp_path, make_ranker, doc_x, vectorizer, options):
    ranker = EnsembleRanker([make_ranker(seed, **o) for seed, o in enumerate(options)])
    save_model(tmp_path / "model", ranker, vectorizer, UIDS, TITLES, {"seed": 3, "settings": {"dim": 5}})
    model = load_model(tmp_path / "model")
    assert model.label_uids == UIDS and model.label_titles == TITLES
    assert model.config["seed"] == 3 and model.config["settings"] == {"dim": 5}
    assert model.config["format_version"] == 4 and len(model.config["members"]) == len(options)
    for k in (1, 12):
        expected, got = ranker.rank(doc_x, k), model.ranker.rank(doc_x, k)
        assert torch.equal(got[0], expected[0]) and torch.equal(got[1], expected[1])
    ids, weights = model.vectorizer.encode("beta iota")
    assert (ids == vectorizer.encode("beta iota")[0]).all() and len(weights) == 2


@pytest.mark.parametrize("count", [2, 12])
def test_joined_members(tmp_path, make_ranker, doc_x, count):
    ranker = join_rankers([make_ranker(seed, game=0.3, link="softmax") for seed in range(count)])
    ranker.lexical = make_ranker(0, lexical=True).lexical
    save_model(tmp_path / "model", EnsembleRanker([ranker]), None, UIDS, TITLES, {})
    stored = load_model(tmp_path / "model")
    (got,) = stored.ranker.members
    assert isinstance(got.encoder, JoinedEncoder) and len(got.encoder.encoders) == count
    assert stored.config["members"][0]["encoders"] == count
    assert all(torch.equal(a, b) for a, b in zip(got.rank(doc_x, 12), ranker.rank(doc_x, 12), strict=True))


def test_a_joined_encoder_of_one(tmp_path, make_ranker, doc_x):
    ranker = make_ranker()
    expected = ranker.rank(doc_x, 12)
    ranker.encoder = JoinedEncoder([ranker.encoder])
    save_model(tmp_path / "model", EnsembleRanker([ranker]), None, UIDS, TITLES, {})
    got = load_model(tmp_path / "model").ranker.rank(doc_x, 12)
    assert torch.equal(got[0], expected[0]) and torch.equal(got[1], expected[1])


def test_a_folder_of_format_1(tmp_path, make_ranker, doc_x):
    ranker = make_ranker(0, game=0.5, lexical=True)
    expansion, lexical = ranker.expansion, ranker.lexical.weight
    tensors = {
        "label.weight": ranker.weight,
        "label.bias": ranker.bias,
        **{f"encoder.{name}": value for name, value in ranker.encoder.tensors().items()},
        "graph.rowptr": expansion.graph.rowptr,
        "graph.col": expansion.graph.col,
        "graph.value": expansion.graph.value,
        "lexical.rowptr": lexical.rowptr,
        "lexical.col": lexical.col.int(),
        "lexical.value": lexical.value,
    }
    save_file(tensors, tmp_path / "member-0.safetensors")
    member = {"beam": 6, "link": "sigmoid", "game": 0.5, "lexical": "own"}
    config = {"seed": 3, "format_version": 1, "vectorizer": False, "members": [member]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "labels.json").write_text(json.dumps({"uids": UIDS, "titles": TITLES}))
    model = load_model(tmp_path)
    assert model.config == config and model.label_titles == TITLES
    got, expected = model.ranker.rank(doc_x, 12), ranker.rank(doc_x, 12)
    assert torch.equal(got[0], expected[0]) and torch.equal(got[1], expected[1])


@pytest.mark.parametrize("names", [{"encoder.tokens": "encoder.0.tokens"}, {"encoder.gate": "encoder.x.gate"}])
@pytest.mark.parametrize("count", [1, 2])
def test_damaged_encoders(folder, names, count):
    edit(folder / "config.json", members=[{"beam": 6, "link": "sigmoid", "game": 0, "lexical": "none"}] * 2)
    path = folder / "member-1.safetensors"
    save_file({names.get(name, name): value.clone() for name, value in load_file(path).items()}, path)
    seal(folder)
    config = json.loads((folder / "config.json").read_text())
    config["members"][1]["encoders"] = count
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="cannot be read as a model"):
        load_model(folder)


def test_members_may_share_their_lexical_scores(tmp_path, make_ranker, doc_x):
    first, second, third = (make_ranker(seed, lexical=True) for seed in range(3))
    second.lexical = first.lexical
    ranker = EnsembleRanker([first, second, third])
    save_model(tmp_path / "model", ranker, None, UIDS, TITLES, {})
    got, expected = load_model(tmp_path / "model").ranker.rank(doc_x, 12), ranker.rank(doc_x, 12)
    assert torch.equal(got[0], expected[0]) and torch.equal(got[1], expected[1])
    sizes = [(tmp_path / "model" / f"member-{n}.safetensors").stat().st_size for n in range(3)]
    assert sizes[1] < sizes[0]  # stored once


def test_without_a_vectorizer(tmp_path, make_ranker):
    save_model(tmp_path / "model", EnsembleRanker([make_ranker()]), None, UIDS, TITLES, {})
    assert load_model(tmp_path / "model").vectorizer is None
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "config.json",
        "labels.json",
        "member-0.safetensors",
    }


def test_nothing_is_pickled(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".safetensors", ".npy"}
    for path in files:
        assert not path.read_bytes().startswith((b"\x80", b"PK"))  # pickle, and torch's zip
        if path.suffix == ".npy":
            np.load(path, allow_pickle=False)


def test_tensors_may_be_views(tmp_path, make_ranker, doc_x):
    # Members that share a token table, and a table that is a part of something larger.
    first, second = make_ranker(0), make_ranker(1)
    whole = torch.randn(20, 5)
    first.encoder.tokens = second.encoder.tokens = whole[:9]
    first.weight = torch.randn(5, 12).t()
    ranker = EnsembleRanker([first, second])
    save_model(tmp_path / "model", ranker, None, UIDS, TITLES, {})
    assert torch.equal(load_model(tmp_path / "model").ranker.rank(doc_x, 5)[0], ranker.rank(doc_x, 5)[0])


def test_a_folder_is_replaced(folder, make_ranker, doc_x):
    # One member and no vectoriser, where there were two members and a vectoriser.
    ranker = EnsembleRanker([make_ranker(7)])
    save_model(folder, ranker, None, UIDS, TITLES, {})
    model = load_model(folder)
    assert torch.equal(model.ranker.rank(doc_x, 5)[1], ranker.rank(doc_x, 5)[1])
    assert model.vectorizer is None  # that of the other model would give wrong features
    assert sorted(path.name for path in folder.glob("member-*")) == ["member-0.safetensors"]


def test_nothing_half_written_stays(tmp_path, make_ranker):
    with pytest.raises(TypeError):
        save_model(tmp_path / "model", EnsembleRanker([make_ranker()]), None, UIDS, TITLES, {"x": object()})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["labels.json", "member-0.safetensors", "vectorizer/vocabulary.json"])
def test_checksums(folder, name):
    path = folder / name
    data = bytearray(path.read_bytes())
    # A number of the last tensor, a letter of a title or token: what can be read as it is.
    place = max(i for i, byte in enumerate(data) if name.endswith("safetensors") or chr(byte).isalpha())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"{name} is damaged: its checksum is not the one in config.json"):
        load_model(folder)
    load_model(folder, verify=False)
    path.write_bytes(data[:-1])
    with pytest.raises(ValueError, match=rf"{name} is damaged: expected {len(data)} bytes, got {len(data) - 1}"):
        load_model(folder, verify=False)


def test_a_file_that_is_not_listed(folder):
    config = json.loads((folder / "config.json").read_text())
    del config["files"]["member-1.safetensors"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"config\.json does not list member-1\.safetensors"):
        load_model(folder)


def test_a_folder_of_format_2(folder, make_ranker, doc_x):
    expected = load_model(folder).ranker.rank(doc_x, 12)
    config = json.loads((folder / "config.json").read_text())
    for key in ("files", "kind"):
        del config[key]
    (folder / "config.json").write_text(json.dumps({**config, "format_version": 2}))
    got = load_model(folder).ranker.rank(doc_x, 12)
    assert torch.equal(got[0], expected[0]) and torch.equal(got[1], expected[1])


def test_a_folder_may_be_moved(folder, doc_x):
    expected = load_model(folder).ranker.rank(doc_x, 12)
    moved = shutil.move(folder, folder.parent / "else where")
    assert torch.equal(load_model(moved).ranker.rank(doc_x, 12)[1], expected[1])


def test_no_model_folder(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(FileNotFoundError, match=r"expected a model folder with a config\.json"):
            load_model(folder)


def seal(folder):
    """Makes the files that are there those that ``config.json`` lists, as if they had been written so."""
    edit(folder / "config.json", files=describe_files(folder))


def edit(path, **changes):
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, **changes}))


def test_newer_format(folder):
    edit(folder / "config.json", format_version=5, members="of another kind")
    message = f"{folder}: cannot be read as a model: it is of format 5, this xcgraph reads up to 4: update xcgraph"
    with pytest.raises(ValueError) as caught:
        load_model(folder)
    assert str(caught.value) == message


FILES = [
    "labels.json",
    "member-0.safetensors",
    "member-1.safetensors",
    "vectorizer",
    "vectorizer/config.json",
    "vectorizer/vocabulary.json",
    "vectorizer/idf.npy",
]


@pytest.mark.parametrize("name", FILES)
def test_missing_file(folder, name):
    path = folder / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(ValueError, match="cannot be read as a model"):
        load_model(folder)


@pytest.mark.parametrize("name", ["config.json", *(name for name in FILES if name != "vectorizer")])
@pytest.mark.parametrize("damage", ["empty", "half", "noise", "null", "list", "object"])
@pytest.mark.parametrize("sealed", [False, True])
def test_damaged_file(folder, name, damage, sealed):
    path = folder / name
    data = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "half": data[: len(data) // 2],
            "noise": b"\xff\xfe\x00" * 50,
            "null": b"null",
            "list": b"[]",
            "object": b"{}",
        }[damage]
    )
    if sealed and name != "config.json":
        seal(folder)
    with pytest.raises(ValueError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert message.startswith(f"{folder}: cannot be read as a model: ") and "\n" not in message


@pytest.mark.parametrize(
    "change",
    [
        {"members": []},
        {"members": [None, None]},
        {"members": [{}, {}]},
        {"members": None},
        {"format_version": "one"},
        {"format_version": None},
    ],
)
def test_damaged_config(folder, change):
    edit(folder / "config.json", **change)
    with pytest.raises(ValueError, match="cannot be read as a model"):
        load_model(folder)


def test_files_of_different_models(folder, tmp_path, make_ranker):
    edit(folder / "labels.json", uids=UIDS[:5], titles=TITLES[:5])
    seal(folder)
    with pytest.raises(ValueError, match=r"disagree on the number of labels: \[5, 12\]"):
        load_model(folder)
    other = Vectorizer().fit(["alpha beta"])
    save_model(tmp_path / "other", EnsembleRanker([make_ranker()]), other, UIDS, TITLES, {})
    with pytest.raises(ValueError, match=r"disagree on the number of tokens: \[2, 9\]"):
        load_model(tmp_path / "other")


class Hostile:
    """Makes a file as soon as it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_never_executed(folder, tmp_path, protocol):
    trap = tmp_path / "executed"
    data = pickle.dumps(Hostile(str(trap)), protocol=protocol)
    for name in ("model.pkl", "vectorizer/vectorizer.pkl", "checkpoint.pt"):  # nobody asked for these
        (folder / name).write_bytes(data)
    load_model(folder)
    for name in ("config.json", *FILES):
        if name == "vectorizer":
            continue
        path = folder / name
        good = path.read_bytes()
        path.write_bytes(data)
        for sealed in (False, True):  # the readers alone must be safe too
            if sealed and name != "config.json":
                seal(folder)
            with pytest.raises(ValueError):
                load_model(folder)
        path.write_bytes(good)
        if name != "config.json":
            seal(folder)
    np.save(folder / "vectorizer" / "idf.npy", np.array([Hostile(str(trap))], dtype=object), allow_pickle=True)
    seal(folder)
    with pytest.raises(ValueError):
        load_model(folder)
    torch.save(Hostile(str(trap)), folder / "member-0.safetensors")
    seal(folder)
    with pytest.raises(ValueError):
        load_model(folder)
    assert not trap.exists()
    pickle.loads(data)  # the trap works
    assert trap.exists()
