from __future__ import annotations

import json

import pytest

from xcgraph.datasets import DATASETS, build_dataset, registry


@pytest.fixture(autouse=True)
def apt(monkeypatch):
    """Asking apt takes a second."""
    monkeypatch.setattr(registry, "apt_files_here", lambda: True)


def test_table(bench, root):
    lines = bench("datasets").stdout.splitlines()
    assert lines[0].split() == ["name", "here", "train", "test", "labels", "labels/doc", "docs/label", "what"]
    assert [line.split()[0] for line in lines[1 : 1 + len(DATASETS)]] == list(DATASETS)
    amazon = next(line for line in lines if line.startswith("LF-AmazonTitles-131K"))
    assert amazon.split()[1:7] == ["no", "294,805", "134,835", "131,073", "2.29", "5.15"]
    # Seven sets, one instruction.
    (how,) = (line for line in lines if f"expected in {root}" in line)
    assert how.count("LF-") == 7 and f"expected in {root}/NAME; download NAME" in how
    assert any(line.strip() == "planted: can be built here" for line in lines)


def test_json(bench, root):
    build_dataset("planted", root / "LF-Amazon-131K", num_labels=10)
    found = {entry["name"]: entry for entry in json.loads(bench("datasets", "--json").stdout)}
    assert list(found) == list(DATASETS)
    assert found["LF-Amazon-131K"]["available"] and "raw files in" in found["LF-Amazon-131K"]["reason"]
    assert not found["LF-Wikipedia-500K"]["available"] and found["LF-Wikipedia-500K"]["num_labels"] == 501070
