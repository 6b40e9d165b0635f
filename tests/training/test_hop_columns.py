from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.models import ECLARE
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_label_graph
from xcgraph.training.hop_columns import HopColumns

GRAPH = tiny_label_graph(7, 2)
ADJACENCY = CSR.from_edge_index(GRAPH.edge_index, GRAPH.edge_weight, (7, 7))


@pytest.fixture
def label_x():
    return CSR.from_scipy(csr_matrix((torch.rand(7, 9) * (torch.rand(7, 9) < 0.5)).numpy()))


@pytest.fixture
def model():
    return ECLARE(9, 7, 6, num_hops=2)


@pytest.mark.parametrize("columns", [1, 4, 6, None])
def test_compute(model, label_x, columns, tmp_path):
    expected = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight).detach()
    hops = HopColumns(model.embedding.weight, label_x, ADJACENCY, 2, columns)
    torch.testing.assert_close(hops.compute(), expected)
    torch.testing.assert_close(hops.compute(first_hop=1), expected[:, 1:])
    out = torch.empty(7, 1, 6)
    assert hops.compute(first_hop=2, out=out) is out
    torch.testing.assert_close(out, expected[:, 2:])
    torch.testing.assert_close(hops.compute_to(tmp_path), expected)
    np.testing.assert_array_equal(np.load(tmp_path / "hops.npy"), hops.compute().numpy())


class Killed(Exception):
    pass


def test_a_killed_computation_goes_on(model, label_x, tmp_path, monkeypatch):
    hops = HopColumns(model.embedding.weight, label_x, ADJACENCY, 2, columns=2)
    fill, seen = HopColumns._fill, []

    def dies(self, out, block, first_hop):
        if len(seen) == 2:
            out[:, 0, block] = 99.0  # half written
            raise Killed
        seen.append(block.start)
        fill(self, out, block, first_hop)

    monkeypatch.setattr(HopColumns, "_fill", dies)
    with pytest.raises(Killed):
        hops.compute_to(tmp_path)
    seen.clear()
    monkeypatch.setattr(HopColumns, "_fill", lambda *a: (seen.append(a[2].start), fill(*a)))
    torch.testing.assert_close(hops.compute_to(tmp_path), hops.compute())
    assert seen[0] == 4 and seen[1:] == [0, 2, 4]  # the last block of the file, then all of them in memory
    seen.clear()
    hops.compute_to(tmp_path)
    assert not seen  # complete


@pytest.mark.parametrize("what", ["tokens", "texts", "graph"])
def test_hops_of_other_inputs_are_replaced(model, label_x, tmp_path, what):
    HopColumns(model.embedding.weight, label_x, ADJACENCY, 2).compute_to(tmp_path)
    other = {"tokens": model.embedding.weight.detach().clone(), "texts": label_x, "graph": ADJACENCY}
    if what == "tokens":
        other["tokens"][3, 1] += 1
    else:
        old = other[what]
        other[what] = CSR(old.rowptr, old.col, old.value * 2, old.shape)
    hops = HopColumns(other["tokens"], other["texts"], other["graph"], 2)
    torch.testing.assert_close(hops.compute_to(tmp_path), hops.compute())


def test_progress_without_its_file_starts_anew(model, label_x, tmp_path):
    hops = HopColumns(model.embedding.weight, label_x, ADJACENCY, 2)
    hops.compute_to(tmp_path)
    (tmp_path / "hops.npy").unlink()
    assert json.loads((tmp_path / "progress.json").read_text())["columns"] == 6
    torch.testing.assert_close(hops.compute_to(tmp_path), hops.compute())


def test_hops_need_a_graph(model, label_x):
    with pytest.raises(ValueError, match="2 hops need a label graph, got none"):
        HopColumns(model.embedding.weight, label_x, None, 2)
