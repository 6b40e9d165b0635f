from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.sparse import random as random_sparse
from torch_geometric.data import Data

from xcgraph.layers import BagEmbedding
from xcgraph.loader import CSRFeatureStore
from xcgraph.sparse import CSR


@pytest.fixture
def matrix():
    return random_sparse(20, 30, 0.2, format="csr", random_state=0, dtype="float32")


def test_rows(matrix, device):
    rows = CSRFeatureStore(x=matrix).select("x", torch.tensor([3, 0, 3], device=device))
    assert isinstance(rows, CSR) and rows.device.type == device.type and rows.col.dtype == torch.long
    np.testing.assert_array_equal(rows.to_scipy().toarray(), matrix[[3, 0, 3]].toarray())
    assert CSRFeatureStore(x=matrix).select("x", torch.empty(0, dtype=torch.long)).shape == (0, 30)


def test_attach_and_embed(matrix, device):
    bag = BagEmbedding(30, 4).to(device)
    store = CSRFeatureStore(x=matrix, other=matrix[:, :7])
    batch = store.attach(Data(n_id=torch.tensor([5, 1], device=device)))
    assert batch.other.shape == (2, 7)
    expected = torch.from_numpy(matrix[[5, 1]].toarray()).to(device) @ bag.weight
    torch.testing.assert_close(bag(batch.to(device).x), expected)


def test_pyg_interface(matrix):
    store = CSRFeatureStore()
    assert store.put_tensor(matrix, group_name=None, attr_name="x", index=None)
    assert store.get_tensor_size(group_name=None, attr_name="x") == (20, 30)
    assert [attr.attr_name for attr in store.get_all_tensor_attrs()] == ["x"]
    for index, same in (
        (torch.tensor([4, 2]), [4, 2]),
        (slice(2, 5, 2), [2, 4]),
        (None, range(20)),
        (4, [4]),
    ):
        rows = store.get_tensor(group_name=None, attr_name="x", index=index)
        np.testing.assert_array_equal(rows.to_scipy().toarray(), matrix[list(same)].toarray())
    assert store.remove_tensor(group_name=None, attr_name="x", index=None)
    assert not store.remove_tensor(group_name=None, attr_name="x", index=None)
    assert store.get_tensor(group_name=None, attr_name="x", index=None) is None
    assert store.get_tensor_size(group_name=None, attr_name="x") is None


@pytest.mark.parametrize("mmap", [True, False])
def test_saved_and_loaded(matrix, tmp_path, mmap):
    CSRFeatureStore(x=matrix, z=matrix[:, :3]).save(tmp_path / "store")
    store = CSRFeatureStore.load(tmp_path / "store", mmap=mmap)
    index = torch.tensor([19, 0])
    np.testing.assert_array_equal(store.select("x", index).to_scipy().toarray(), matrix[[19, 0]].toarray())
    assert store.get_tensor_size(group_name=None, attr_name="z") == (20, 3)
    with pytest.raises(FileExistsError):
        store.save(tmp_path / "store")


def test_no_feature_and_no_row(tmp_path):
    CSRFeatureStore(x=CSR(torch.zeros(1).long(), torch.empty(0).long(), torch.empty(0), (0, 4))).save(tmp_path)
    assert CSRFeatureStore.load(tmp_path).select("x", torch.empty(0).long()).shape == (0, 4)


@pytest.mark.parametrize("index", [20, -1])
def test_rows_out_of_range(matrix, index):
    with pytest.raises(IndexError, match=f"expected rows from 0 to 19 of 'x', got {index}"):
        CSRFeatureStore(x=matrix).select("x", torch.tensor([0, index]))


def test_bad_input(matrix):
    store = CSRFeatureStore()
    with pytest.raises(ValueError, match="index=None"):
        store.put_tensor(matrix, group_name=None, attr_name="x", index=torch.tensor([0]))
    with pytest.raises(ValueError, match="group_name=None"):
        store.put_tensor(matrix, group_name="label", attr_name="x", index=None)
    with pytest.raises(ValueError, match=r"expected a name like 'x', got '\.\./x'"):
        store.put_tensor(matrix, group_name=None, attr_name="../x", index=None)
    with pytest.raises(TypeError, match="expected a CSR"):
        CSRFeatureStore(x=np.eye(3))


def test_bad_files(matrix, tmp_path):
    with pytest.raises(ValueError, match="expected a folder of features with features"):
        CSRFeatureStore.load(tmp_path)
    CSRFeatureStore(x=matrix).save(tmp_path)
    (tmp_path / "x.value.npy").write_bytes((tmp_path / "x.value.npy").read_bytes()[:-8])
    with pytest.raises(ValueError, match="expected the matrix 'x' as it was saved"):
        CSRFeatureStore.load(tmp_path)
    CSRFeatureStore(x=matrix).save(tmp_path, overwrite=True)
    np.save(tmp_path / "x.rowptr.npy", np.arange(21))
    with pytest.raises(ValueError, match="'rowptr' does not fit"):
        CSRFeatureStore.load(tmp_path)
    np.save(tmp_path / "x.rowptr.npy", np.empty(0, dtype=np.int64))
    with pytest.raises(ValueError, match="expected the matrix 'x'"):
        CSRFeatureStore.load(tmp_path)
    for content in ("{", "[]", '{"shapes": {"../x": [1, 2]}}', '{"shapes": {"x": [1]}}'):
        (tmp_path / "features.json").write_text(content)
        with pytest.raises(ValueError, match="expected the names and shapes of matrices"):
            CSRFeatureStore.load(tmp_path)


_LARGE = """
import json, sys
import numpy as np, torch
from torch_geometric.data import Data
from xcgraph.layers import BagEmbedding
from xcgraph.loader import CSRFeatureStore, LabelNeighborLoader
from xcgraph.peers.runners.protocol import peak_rss_mb
from xcgraph.sparse import CSR

L, V, tokens, degree = 10**6, 10**5, 10, 10
rng = np.random.default_rng(0)
if sys.argv[1] == "save":
    col = torch.from_numpy(rng.integers(0, V, L * tokens))
    x = CSR(torch.arange(L + 1) * tokens, col, torch.ones(L * tokens), (L, V))
    CSRFeatureStore(x=x).save(sys.argv[2])
else:
    target = torch.arange(L).repeat_interleave(degree)
    source = target * 7919 % (L // degree) + torch.arange(degree).repeat(L) * (L // degree)
    graph = Data(edge_index=torch.stack([source, target]), num_nodes=L)
    del source, target  # copies that only this script has
    loader = LabelNeighborLoader(
        graph, [5, 5], batch_size=256, input_nodes=torch.arange(0, L, L // 5000),
        features=CSRFeatureStore.load(sys.argv[2]), seed=0,
    )
    bag = BagEmbedding(V, 16)
    norm = sum(float(bag(batch.x).norm().detach()) for batch in loader)
    print(json.dumps([norm, peak_rss_mb()]))
"""


@pytest.mark.slow
def test_a_million_labels_stay_below_a_gigabyte(tmp_path):
    """Graph, texts, batches, token table of 10^5 x 16 and the Python libraries together."""

    def child(what: str) -> str:
        command = [sys.executable, "-c", _LARGE, what, str(tmp_path / "store")]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    child("save")
    norm, peak = json.loads(child("load"))
    assert norm > 0 and peak < 1000
