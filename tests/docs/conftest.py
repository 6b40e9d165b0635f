from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "benchmarks", ROOT / "docs" / "extensions", Path(__file__).resolve().parent):
    sys.path.insert(0, str(folder))


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A folder where pages find what they speak of: data sets by name, and a finished run in ``runs/bench``.

    ``debian-rse`` cannot be built everywhere, and takes time: a synthetic set stands in for it under its name.
    """
    from xcgraph.datasets import build_dataset
    from xcgraph.training import make_settings, run_benchmark

    root = tmp_path_factory.mktemp("docs")
    for name in ("debian", "debian-rse", "planted"):
        build_dataset("planted", root / "data" / name, num_labels=60)
    from xcgraph.data import LFDataset

    data = LFDataset.load(root / "data" / "debian-rse")
    settings = make_settings("eclare", "default", {"dim": 8, "max_epochs": 1, "min_epochs": 1})
    run_benchmark(data, root / "runs" / "bench", settings=settings, command="xcgraph-bench run debian-rse")
    return root


@pytest.fixture
def inside(workplace, monkeypatch):
    """The same as the current folder."""
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("XCGRAPH_DATA", str(workplace / "data"))
    return workplace
