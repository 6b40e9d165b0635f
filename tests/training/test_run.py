from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy.sparse import csr_matrix, load_npz

import xcgraph
from xcgraph.data import Document, Label, LFDataset, write_raw_folder
from xcgraph.inference import Predictor, load_model
from xcgraph.metrics import Evaluator
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_dataset
from xcgraph.training import run_benchmark
from xcgraph.training.run import predictions_matrix

METRICS = {
    *(f"{name}@{k}" for name in ("P", "nDCG", "PSP", "PSnDCG") for k in (1, 3, 5)),
    "R@5",
    "R@10",
    "R@100",
}
#: What tells one run from another; times and memory never repeat.
UNSTABLE = {"train_seconds", "peak_rss_mb", "predict_ms_batch", "phases", "command"}
RECIPES = [
    ("eclare", "default", {"instances": 2, "fusion": True}),
    ("eclare", "default", {"scoring": "shortlist"}),
    ("eclare", "paper", {}),
    ("decaf", "default", {}),
    ("decaf", "default", {"scoring": "shortlist"}),
    ("decaf", "paper", {}),
]


@pytest.fixture(scope="module")
def data():
    """120 labels: more than the best 100; pairs of document 0 are filtered."""
    data = tiny_dataset(120, 150, 30)
    absent = [label for label in range(120) if label not in data.test_y[0].indices]
    pairs = [[0, label] for label in absent[:15]] + [[4, absent[3]]]
    return dataclasses.replace(data, test_filter=np.array(pairs))


@pytest.fixture(scope="module", params=RECIPES, ids=lambda r: "-".join((*r[:2], *map(str, r[2].values()))))
def finished(request, data, small, tmp_path_factory):
    """``(folder, what was returned, recipe)`` of a finished run."""
    model, recipe, changes = request.param
    out = tmp_path_factory.mktemp("run") / "deep" / "run"
    settings = small(model, recipe, **changes)
    metrics = run_benchmark(
        data, out, model=model, recipe=recipe, settings=settings, seed=5, command="xcgraph-bench run tiny"
    )
    return out, metrics, request.param


def test_files(finished):
    out, _, _ = finished
    assert {path.name for path in out.iterdir()} == {"metrics.json", "predictions.npz", "model", "log.jsonl"}
    assert {path.suffix for path in (out / "model").rglob("*") if path.is_file()} <= {
        ".json",
        ".safetensors",
        ".npy",
    }


def test_metrics_json(finished):
    out, returned, (model, recipe, changes) = finished
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics == json.loads(json.dumps(returned))
    assert set(metrics) >= METRICS and all(0 <= metrics[name] <= 100 for name in METRICS)
    assert metrics["P@1"] > 5  # 0.8 by chance
    assert (metrics["seed"], metrics["recipe"], metrics["model"]) == (5, recipe, model)
    assert metrics["device"] == "cpu" and metrics["command"] == "xcgraph-bench run tiny"
    assert metrics["settings"]["dim"] == 8 and metrics["versions"]["xcgraph"] == xcgraph.__version__
    assert {"python", "torch", "torch_geometric", "numpy", "scipy", "scikit-learn"} <= set(metrics["versions"])
    shortlisted = recipe == "paper" or changes.get("scoring") == "shortlist"
    assert metrics["scoring"] == ("shortlist" if shortlisted else "all")
    instances = changes.get("instances", 1)
    phases = {"surrogate", "shortlister", "ranker"} if shortlisted else {"ranker"}
    seconds = metrics["train_seconds"]
    assert phases | {"total"} <= set(seconds) and all(value >= 0 for value in seconds.values())
    assert seconds["total"] == pytest.approx(sum(v for k, v in seconds.items() if k != "total"), abs=0.05)
    assert "graph" in seconds or model == "decaf"
    assert metrics["peak_rss_mb"] > 50 and metrics["predict_ms_batch"] > 0
    trained = {f"{number}/{phase}" for number in range(instances) for phase in phases}
    chosen = set()
    if "fusion" in changes:
        chosen = {"fusion"} if shortlisted else {"fusion", "rerank"}
    chosen |= {"calibration"} if recipe == "default" else set()  # the paper recipe sets no documents aside
    assert set(metrics["phases"]) == trained | chosen
    assert metrics["data"]["labels"] == 120 and metrics["data"]["train_documents"] == 150


def test_deciles(finished):
    _, metrics, _ = finished
    deciles = metrics["per_decile"]
    assert [d["decile"] for d in deciles] == list(range(1, 11)) and sum(d["labels"] for d in deciles) == 120
    assert sum(d["P@5"] for d in deciles) == pytest.approx(metrics["P@5"])
    assert all(0 <= d["R@5"] <= 100 for d in deciles)


def test_predictions(finished, data):
    out, _, (_, recipe, changes) = finished
    matrix = load_npz(out / "predictions.npz")
    assert isinstance(matrix, csr_matrix) and matrix.shape == (30, 120) and matrix.dtype == np.float32
    assert matrix.has_sorted_indices and np.isfinite(matrix.data).all()
    count = np.diff(matrix.indptr)
    if recipe == "default" and "scoring" not in changes:
        assert (count == 100).all()  # filtered pairs are made up for
    else:
        assert count.max() <= 100 and count.min() >= 1
    for row, label in data.test_filter:
        assert label not in matrix[row].indices
    assert ((matrix.data > 0) & (matrix.data <= 1)).all()


def test_evaluating_the_predictions_gives_the_metrics(finished, data):
    out, metrics, _ = finished
    evaluator = Evaluator(data.train_y, data.propensity)
    matrix = load_npz(out / "predictions.npz")
    again = evaluator.evaluate(matrix, None, data.test_y, data.test_filter)
    assert again == {name: metrics[name] for name in METRICS}
    assert evaluator.per_decile(matrix, data.test_y, None, data.test_filter) == metrics["per_decile"]


def test_the_model_gives_the_predictions(finished, data):
    out, _, _ = finished
    model = load_model(out / "model")
    index, score = model.ranker.predict(CSR.from_scipy(data.test_x[1:4]), 10)  # no filtered pairs there
    matrix = load_npz(out / "predictions.npz")
    for row, labels, values in zip(range(1, 4), index, score, strict=True):
        real = labels >= 0
        np.testing.assert_allclose(matrix[row, labels[real]].toarray()[0], values[real], rtol=1e-4)
    assert model.label_uids == data.label_uids and model.label_titles == data.label_titles
    assert model.config["seed"] == 5 and model.config["settings"]["dim"] == 8


def test_log(finished):
    out, metrics, (_, recipe, changes) = finished
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    by_phase: dict[str, list[int]] = {}
    for record in log:
        by_phase.setdefault(record["phase"], []).append(record["epoch"])
        assert record["loss"] > 0 and record["seconds"] >= 0
        # Validated: the ranker of the first instance, and in the paper recipe none.
        assert ("P@1" in record) == (recipe == "default" and record["phase"] in ("ranker", "ranker 1/2"))
    epochs = {tuple(name.split("/")): r["epochs"] for name, r in metrics["phases"].items() if "epochs" in r}
    if "instances" in changes:
        epochs = {(number, f"{phase} {int(number) + 1}/2"): n for (number, phase), n in epochs.items()}
    assert by_phase == {phase: list(range(1, n + 1)) for (_, phase), n in epochs.items()}


@pytest.mark.parametrize(("model", "recipe", "changes"), RECIPES)
def test_seeds(tiny, small, tmp_path, model, recipe, changes):
    settings = small(model, recipe, **changes)
    runs = []
    for number, seed in enumerate((1, 1, 2) if model == "eclare" else (1, 1)):
        out = tmp_path / str(number)
        metrics = run_benchmark(tiny, out, model=model, recipe=recipe, settings=settings, seed=seed)
        matrix = load_npz(out / "predictions.npz")
        runs.append(({k: v for k, v in metrics.items() if k not in UNSTABLE}, matrix))
    assert runs[0][0] == runs[1][0]
    for part in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(runs[0][1], part), getattr(runs[1][1], part))
    if model == "eclare":
        assert runs[0][1].nnz != runs[2][1].nnz or not np.array_equal(runs[0][1].data, runs[2][1].data)


def test_instances(tiny, small, tmp_path):
    run_benchmark(tiny, tmp_path, settings=small(instances=2))
    model = load_model(tmp_path / "model")
    (member,) = model.ranker.members
    first, second = member.weight.split(8, dim=1)  # side by side
    assert not np.allclose(first, second)
    phases = {json.loads(line)["phase"] for line in (tmp_path / "log.jsonl").read_text().splitlines()}
    assert phases == {"ranker 1/2", "ranker 2/2"}


def test_texts_from_end_to_end(tmp_path, small):
    words = ["red", "green", "blue", "iron", "wood", "glass"]
    documents = [Document(f"d{i}", f"a {words[i % 6]} thing {i}", "", [i % 6], None) for i in range(60)]
    labels = [Label(f"l-{word}", word.upper()) for word in words]
    write_raw_folder(tmp_path / "data", documents[:48], documents[48:], labels, filter_test=[(0, 1)])
    data = LFDataset.load(tmp_path / "data")
    settings = small(max_epochs=20, min_epochs=20, dim=16, patience=20)
    metrics = run_benchmark(data, tmp_path / "run", settings=settings)
    assert metrics["P@1"] > 90
    hits = Predictor.load(tmp_path / "run" / "model").predict(["something made of wood", "glass"], k=2)
    assert [row[0][:2] for row in hits] == [("l-wood", "WOOD"), ("l-glass", "GLASS")]


def test_a_second_run_replaces_the_first(tiny, small, tmp_path):
    run_benchmark(tiny, tmp_path, settings=small(instances=2, scoring="shortlist"), seed=1)
    expected = run_benchmark(tiny, tmp_path / "alone", settings=small(), seed=2)
    metrics = run_benchmark(tiny, tmp_path, settings=small(), seed=2)
    assert {k: v for k, v in metrics.items() if k not in UNSTABLE} == {
        k: v for k, v in expected.items() if k not in UNSTABLE
    }
    log = [json.loads(line)["phase"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert set(log) == {"ranker"}
    assert len(load_model(tmp_path / "model").ranker.members) == 1
    assert not (tmp_path / "checkpoints").exists()


# what a data set may lack


def subset(data, train=None, test=None, labels=None):
    """Some rows and columns of a data set."""
    train = np.arange(data.train_x.shape[0]) if train is None else train
    test = np.arange(data.test_x.shape[0]) if test is None else test
    labels = np.arange(data.num_labels) if labels is None else labels
    return LFDataset(
        "part",
        data.train_x[train],
        data.test_x[test],
        data.label_x[labels],
        data.train_y[train][:, labels],
        data.test_y[test][:, labels],
    )


NOTHING = np.empty(0, dtype=int)


@pytest.mark.parametrize(
    "parts", [{"train": NOTHING}, {"labels": NOTHING}, {"train": np.array([1]), "labels": np.array([9])}]
)
def test_nothing_to_train_on(tiny, small, tmp_path, parts):
    data = subset(tiny, **parts)
    with pytest.raises(ValueError, match="part: there is nothing to train on: no training documents with labels"):
        run_benchmark(data, tmp_path / "run", settings=small())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("model", "recipe", "changes"), RECIPES)
def test_a_single_label(tiny, small, tmp_path, model, recipe, changes):
    data = subset(tiny, labels=np.array([3]))
    metrics = run_benchmark(data, tmp_path, model=model, recipe=recipe, settings=small(model, recipe, **changes))
    assert metrics["R@5"] > 0 and len(metrics["per_decile"]) == 1
    assert load_npz(tmp_path / "predictions.npz").shape == (20, 1)


@pytest.mark.parametrize(("model", "recipe", "changes"), RECIPES)
def test_labels_and_texts_without_anything(tiny, small, tmp_path, model, recipe, changes):
    data = subset(tiny)
    train_y, label_x = data.train_y.tolil(), data.label_x.tolil()
    train_y[:, [2, 7, 8]] = 0  # labels without documents, and documents without labels
    label_x[[2, 4]] = 0  # labels without text
    data.train_y, data.label_x = train_y.tocsr(), label_x.tocsr()
    data.train_y.eliminate_zeros()
    data.label_x.eliminate_zeros()
    for name in ("train_x", "test_x"):  # documents without tokens
        x = getattr(data, name).tolil()
        x[[0, 5]] = 0
        x = x.tocsr()
        x.eliminate_zeros()
        setattr(data, name, x)
    assert (np.diff(data.train_y.indptr) == 0).any()
    metrics = run_benchmark(data, tmp_path, model=model, recipe=recipe, settings=small(model, recipe, **changes))
    assert all(np.isfinite(metrics[name]) for name in METRICS)
    matrix = load_npz(tmp_path / "predictions.npz")
    assert np.isfinite(matrix.data).all() and (np.diff(matrix.indptr) > 0).all()


@pytest.mark.parametrize(("model", "recipe", "changes"), RECIPES[:3])
def test_no_test_documents(tiny, small, tmp_path, model, recipe, changes):
    data = subset(tiny, test=NOTHING)
    metrics = run_benchmark(data, tmp_path, model=model, recipe=recipe, settings=small(model, recipe, **changes))
    assert all(metrics[name] == 0 for name in METRICS)
    assert load_npz(tmp_path / "predictions.npz").shape == (0, 12)
    assert len(load_model(tmp_path / "model").label_uids) == 12


@pytest.mark.parametrize(("model", "recipe", "changes"), RECIPES)
def test_one_document(tiny, small, tmp_path, model, recipe, changes):
    data = subset(tiny, train=np.array([0]), test=np.array([0]))
    metrics = run_benchmark(data, tmp_path, model=model, recipe=recipe, settings=small(model, recipe, **changes))
    assert all(0 <= metrics[name] <= 100 for name in METRICS)


def test_predictions_matrix():
    index = np.array([[2, 0, -1], [-1, -1, -1], [1, 2, 3]])
    score = np.array([[0.5, 0.0, -np.inf], [-np.inf] * 3, [0.9, 0.8, 0.7]], dtype=np.float32)
    matrix = predictions_matrix(index, score, 5)
    assert matrix.shape == (3, 5) and matrix.nnz == 5  # a score of zero is a prediction
    assert matrix.indices.tolist() == [0, 2, 1, 2, 3]
    np.testing.assert_array_equal(matrix.data, np.array([0.0, 0.5, 0.9, 0.8, 0.7], dtype=np.float32))


def test_calibration_is_in_the_model_folder(data, small, tmp_path, monkeypatch):
    from xcgraph.inference import Calibration
    from xcgraph.training import pipeline

    halved = Calibration(-1.0, [-50.0, 50.0], [-25.0, 25.0])
    monkeypatch.setattr(pipeline, "fit_calibration", lambda *args, **options: (halved, REPORT))
    metrics = run_benchmark(data, tmp_path / "run", settings=small(validation_fraction=0.2))
    assert metrics["phases"]["calibration"] == REPORT
    config = load_model(tmp_path / "run" / "model").config
    assert config["calibration"] == halved.as_config()
    # The predictions are those of the model itself.
    plain = load_npz(tmp_path / "run" / "predictions.npz")
    monkeypatch.setattr(pipeline, "fit_calibration", lambda *args, **options: (None, {**REPORT, "kind": "none"}))
    run_benchmark(data, tmp_path / "other", settings=small(validation_fraction=0.2))
    assert "calibration" not in load_model(tmp_path / "other" / "model").config
    assert (load_npz(tmp_path / "other" / "predictions.npz") != plain).nnz == 0


REPORT = {"kind": "platt", "documents": 9, "before": {"ECE@5": 9.0}, "after": {"ECE@5": 2.0}}
