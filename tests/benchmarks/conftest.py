from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The scripts import one another by name, as they do when they are run.
sys.path.insert(0, str(ROOT / "benchmarks"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A tiny data set, called ``tiny``; not to be changed."""
    from xcgraph.datasets import build_dataset

    path = tmp_path_factory.mktemp("data") / "tiny"
    build_dataset("planted", path, num_labels=20)
    return path


@pytest.fixture
def set_code(monkeypatch):
    """Sets what the scripts take for the state of the code: ``set_code(("0" * 40, False), changed=[])``."""
    import ablation
    import accuracy
    import compare
    import store

    def set_code(state, changed=()):
        for module in (ablation, accuracy, compare, store):
            monkeypatch.setattr(module, "code_state", lambda: state)
        monkeypatch.setattr(store, "changed_since", lambda seconds: list(changed))

    return set_code


@pytest.fixture
def clean(set_code):
    """A tree whose code is committed, and older than any run."""
    set_code(("0" * 40, False))


@pytest.fixture
def make_result():
    """Makes a stored result: ``make_result(model="decaf", seed=1, shift=-1.0)``."""

    def make(name="tiny", text="title", model="eclare", recipe="default", seed=0, shift=0.0, **changes):
        names = [f"{kind}@{k}" for kind in ("P", "nDCG", "PSP", "PSnDCG") for k in (1, 3, 5)]
        metrics = dict.fromkeys([*names, "R@5", "R@10", "R@100"], 40.0 + shift)
        decile = {"labels": 5, "positives": 7, "documents": 6, "P@5": 2.0 + shift, "R@5": 30.0}
        sizes = {"train_documents": 1500, "test_documents": 400, "labels": 10, "features": 90, "train_pairs": 25}
        versions = dict.fromkeys(("xcgraph", "python", "torch", "torch_geometric", "numpy", "scipy"), "1.0")
        return {
            "schema": 1,
            "command": f"xcgraph-bench run {name} --text {text} --model {model} --seed {seed} --out runs/x",
            "text": text,
            "changes": changes,
            "metrics": metrics,
            "per_decile": [
                {"decile": 1, "min_frequency": 1, "max_frequency": 1, **decile},
                {"decile": 2, "min_frequency": 1, "max_frequency": 1200, **decile},
            ],
            "train_seconds": {"ranker": 9.0, "total": 10.0 + shift},
            "peak_rss_mb": 1234.5,
            "predict_ms_batch": 0.25,
            "seed": seed,
            "recipe": recipe,
            "device": "cpu",
            "model": model,
            "data": {"name": name, **sizes},
            "phases": {"0/ranker": {"epochs": 3, "best_epoch": 2}},
            "settings": {},
            "versions": versions,
            "machine": {"cpu": "a processor", "cores": 2, "memory_gb": 8.0, "system": "a system", "threads": 1},
            "date": "2026-01-01",
            "commit": "0123456789abcdef",
            "dirty": False,
        }

    return make


@pytest.fixture
def make_peer(make_result):
    """Makes a stored result of another method: ``make_peer("parabel", shift=-1.0)``."""

    def make(method, name="tiny", text="title", shift=0.0, note=None):
        result = make_result(name, text, shift=shift)
        for key in ("recipe", "changes", "phases"):
            del result[key]
        result |= {"model": method, "query_ms": {"p50": 0.125}, "model_bytes": 2_500_000}
        result["command"] = f"xcgraph-bench compare {name} --text {text} --seed 0 --threads 1 --peers {method}"
        result["versions"] = {"python": "3.11.7", "omikuji": "0.5.2"}
        return result | ({"note": note} if note else {})

    return make
