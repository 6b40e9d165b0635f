from __future__ import annotations

import json

import pytest

from xcgraph.training import preflight

from .conftest import QUICK


@pytest.fixture
def small_machine(monkeypatch):
    """A machine with 100 MB of memory."""
    machine = preflight.Machine(memory=10**8, disk=10**12)
    monkeypatch.setattr(preflight.Machine, "here", classmethod(lambda cls, out=".": machine))


def test_of_data_that_are_here(bench, folder):
    result = bench("preflight", folder, "--set", "dim=8", "--json")
    found = json.loads(result.stdout)
    assert found["fits"] and found["proposal"] == {} and found["scoring"] == "all"
    assert found["size"]["labels"] == 20 and found["size"]["documents"] == 45
    assert found["settings"]["dim"] == 8 and max(found["memory_bytes"].values()) > 1e8
    assert all(value > 0 for value in found["seconds"].values())


def test_table_of_a_published_set_that_is_not_here(bench, monkeypatch):
    monkeypatch.setattr(
        preflight.Machine, "here", classmethod(lambda cls, out=".": preflight.Machine(10**13, 10**13))
    )
    args = ["preflight", "LF-AmazonTitles-1.3M", "--recipe", "paper", "--set", "preset=LF-AmazonTitles-1.3M"]
    result = bench(*args)
    assert "2,248,619 documents, 1,305,265 labels, 128,000 tokens, dim 512" in result.stdout
    assert "published sizes, and 10 tokens a text" in result.stderr
    rows = {line.split()[0] for line in result.stdout.splitlines() if line}
    assert {"graph", "clustering", "surrogate", "shortlists", "ranker", "predict", "checkpoints", "here:"} <= rows
    more = json.loads(bench(*args, "--tokens", 40, "--json").stdout)
    assert more["size"]["document_entries"] == 40 * 2_248_619


def test_a_run_that_does_not_fit(error, folder, small_machine):
    line = error("preflight", folder, code=1)
    assert "the run needs about" in line and "of which 0.1 GB are free" in line


def test_run_refuses_and_can_be_told_not_to(bench, error, folder, tmp_path, small_machine):
    line = error("run", folder, "--out", tmp_path / "run", "--device", "cpu", *QUICK, code=1)
    assert "the run needs about" in line and "--no-preflight starts it all the same" in line
    assert not (tmp_path / "run").exists()
    bench("run", folder, "--out", tmp_path / "run", "--device", "cpu", "--no-preflight", *QUICK)
    # Of a finished run the metrics are printed: nothing is to be judged.
    bench("run", folder, "--out", tmp_path / "run", "--device", "cpu", "--resume", *QUICK)


def test_mistakes(error, folder):
    assert "did you mean" in error("preflight", "debiann", code=2)
    assert "'dim' must be positive" in error("preflight", folder, "--set", "dim=0", code=2)
    assert "the texts of" in error("preflight", folder, "--tokens", 5, code=2)
