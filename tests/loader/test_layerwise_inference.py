from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.sparse import random as random_sparse

from xcgraph.layers import GALE, BagEmbedding
from xcgraph.loader import CSRFeatureStore, LayerwiseInference
from xcgraph.testing import dense_propagation, tiny_label_graph

L = 23


@pytest.mark.parametrize("chunk_size", [1, 5, 23, 100])
@pytest.mark.parametrize("num_hops", [0, 1, 3])
def test_equals_the_one_shot_result(device, chunk_size, num_hops):
    graph, x = tiny_label_graph(L, 4).to(device), torch.randn(L, 6, device=device)
    inference = LayerwiseInference(graph.edge_index, graph.edge_weight, L, chunk_size)
    expected = GALE(6, num_hops).propagate_hops(x, graph.edge_index, graph.edge_weight)
    torch.testing.assert_close(inference.propagate(x, num_hops), expected.cpu())


@pytest.mark.parametrize("weighted", [True, False])
def test_equals_the_oracle_for_unsorted_edges(weighted):
    graph, x = tiny_label_graph(L, 4), torch.randn(L, 6, dtype=torch.double)
    order = torch.randperm(graph.num_edges)
    edge_index, weight = graph.edge_index[:, order], graph.edge_weight[order] if weighted else None
    out = LayerwiseInference(edge_index, weight, L, 4).propagate(x, 2)
    expected = [x]
    for _ in range(2):
        expected.append(dense_propagation(expected[-1], edge_index, weight))
    torch.testing.assert_close(out, torch.stack(expected, dim=1))


def test_labels_without_neighbours_hear_nothing():
    edge_index = torch.tensor([[0, 3], [3, 3]])
    out = LayerwiseInference(edge_index, torch.tensor([2.0, 1.0]), 4, 2).propagate(torch.ones(4, 1), 1)
    assert out[:, 1, 0].tolist() == [0, 0, 0, 3]
    none = torch.empty(2, 0, dtype=torch.long)
    assert LayerwiseInference(none, None, 0).propagate(torch.empty(0, 3), 2).shape == (0, 3, 3)


def test_to_a_file_from_texts(tmp_path):
    graph, bag = tiny_label_graph(L, 4), BagEmbedding(50, 6)
    store = CSRFeatureStore(x=random_sparse(L, 50, 0.1, format="csr", random_state=0))
    inference = LayerwiseInference(graph.edge_index, graph.edge_weight, L, 5)
    path = tmp_path / "hops.npy"
    out = inference.propagate(lambda index: bag(store.select("x", index)), 2, path)
    u = bag(store.select("x", torch.arange(L))).detach()
    torch.testing.assert_close(out, GALE(6, 2).propagate_hops(u, graph.edge_index, graph.edge_weight))
    assert not out.requires_grad
    np.testing.assert_array_equal(np.load(path), out.numpy())
    assert [file.name for file in tmp_path.iterdir()] == ["hops.npy"]


def test_a_file_is_whole_or_not_there(tmp_path):
    def dying(index):
        if index[0] > 0:
            raise RuntimeError("stop")
        return torch.ones(index.numel(), 2)

    graph = tiny_label_graph(L, 4)
    with pytest.raises(RuntimeError, match="stop"):
        LayerwiseInference(graph.edge_index, None, L, 5).propagate(dying, 1, tmp_path / "hops.npy")
    assert list(tmp_path.iterdir()) == []


def test_bad_input():
    graph = tiny_label_graph(L, 4)
    with pytest.raises(ValueError, match="'chunk_size' of at least 1, got 0"):
        LayerwiseInference(graph.edge_index, None, L, 0)
    with pytest.raises(ValueError, match=r"'edge_weight' of shape \[115\], got \[3\]"):
        LayerwiseInference(graph.edge_index, torch.ones(3), L)
    with pytest.raises(ValueError, match="names target 22 of 22 nodes"):
        LayerwiseInference(graph.edge_index, None, L - 1)
    inference = LayerwiseInference(graph.edge_index, None, L)
    with pytest.raises(ValueError, match=r"'x' of shape \[23, D\], got \[22, 4\]"):
        inference.propagate(torch.ones(L - 1, 4))
    with pytest.raises(ValueError, match="'num_hops' of at least 0, got -1"):
        inference.propagate(torch.ones(L, 4), -1)


_LARGE = """
import json, sys
import torch
from xcgraph.loader import LayerwiseInference

L, D, degree = 200_000, 128, 5
source = (torch.arange(L * degree) * 7919) % L
edge_index = torch.stack([source, torch.arange(L).repeat_interleave(degree)])
inference = LayerwiseInference(edge_index, torch.rand(L * degree), L, chunk_size=2000)
embed = lambda index: index.float().sin().unsqueeze(1).expand(-1, D)
anonymous = lambda: int(next(l for l in open("/proc/self/status") if l.startswith("RssAnon")).split()[1])
peak, hop = 0, inference._hop
def watched(*args):
    global peak
    out = hop(*args)
    peak = max(peak, anonymous())
    return out
inference._hop = watched
start = anonymous()
inference.propagate(embed, 2, sys.argv[1])
print(json.dumps([start * 1024, peak * 1024]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")
def test_memory_is_that_of_a_chunk(tmp_path):
    """The output, 307 MB in a file, and the hop before, 102 MB, are never in anonymous memory at once."""
    command = [sys.executable, "-c", _LARGE, str(tmp_path / "hops.npy")]
    start, peak = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert (tmp_path / "hops.npy").stat().st_size > 300e6
    assert peak - start < 50e6
