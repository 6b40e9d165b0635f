"""Runs on data whose names are not harmless."""

from __future__ import annotations

import json

import pytest

from xcgraph.data import Document, Label, LFDataset, TextListener, write_raw_folder
from xcgraph.report import FinishedRun, RunGroup, chosen_rows
from xcgraph.training import make_settings, run_benchmark

HOSTILE = [
    "<script>document.title='broken'</script> & co",
    "</script><script>document.title='broken'</script>",
    "<!-- <script> \" ' \\ {{ 7 * 7 }} ${7 * 7}",
    "<img src=x onerror=\"document.title='broken'\">",
]
L, N, M = 12, 60, 25
#: Of the test documents; the label is one of the document's own.
FILTERED = (3, 3)


def words(label):
    return f"word{label} group{label // 3}"


def titles():
    return [f"{HOSTILE[label] if label < len(HOSTILE) else 'label'} {words(label)}" for label in range(L)]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A raw data folder, 12 labels, 60 training and 25 test documents; not to be changed."""
    path = tmp_path_factory.mktemp("data") / "odd & <b>"
    labels = [Label(f"l{label}", title) for label, title in enumerate(titles())]

    def documents(kind, count):
        for i in range(count):
            label = i % L
            # Every fourth speaks of another label, so that models err.
            text = f"{HOSTILE[i % len(HOSTILE)]} {words((label + 5 * (i % 4 == 3)) % L)} noise{i % 7}"
            yield Document(f"{kind}{i}", text, "", sorted({label, label // 3 * 3 + (label + 1) % 3}))

    write_raw_folder(path, list(documents("trn", N)), list(documents("tst", M)), labels, filter_test=[FILTERED])
    return path


@pytest.fixture(scope="session")
def runs(folder, tmp_path_factory):
    """``{"eclare": folder, "decaf": folder}`` of finished runs; not to be changed."""
    out = tmp_path_factory.mktemp("runs")
    data = LFDataset.load(folder)
    for model in ("eclare", "decaf"):
        changes = {"dim": 8, "max_epochs": 2, "min_epochs": 1, "instances": 1, "walk_length": 40}
        settings = make_settings(model, "default", changes)
        command = f"xcgraph-bench run '{folder}' --model {model} --out {out / model}"
        run_benchmark(data, out / model, model=model, settings=settings, command=command)
    return {model: out / model for model in ("eclare", "decaf")}


@pytest.fixture
def group(runs, folder):
    """Both runs, their data and all of its texts."""
    read = [FinishedRun.read(path) for path in runs.values()]
    listener = TextListener(read[0].model.vectorizer, chosen_rows(M, M))
    data = LFDataset.load(folder, vectorizer=listener)
    return RunGroup(read, "all", data, texts=listener.heard)


@pytest.fixture
def metrics(runs):
    """``metrics.json`` of the first run."""
    return json.loads((runs["eclare"] / "metrics.json").read_text())
