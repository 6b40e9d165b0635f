from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.data import LFDataset
from xcgraph.inference import freeze
from xcgraph.inference.latency import WARM_UP, index_accuracy, one_thread, time_texts


def test_texts_are_asked_one_by_one_and_in_one_call():
    asked = []
    found = time_texts(lambda texts: asked.append(list(texts)), ["a", "b", "c"])
    assert len(asked) == WARM_UP + 3 + 1 and asked[WARM_UP:] == [["a"], ["b"], ["c"], ["a", "b", "c"]]
    assert found["queries"] == 3 and 0 <= found["p50"] <= found["p95"] <= found["p99"]


def test_milliseconds():
    import time

    found = time_texts(lambda texts: time.sleep(0.002), ["a"] * 5)
    assert 2 <= found["p50"] < 50 and 0.4 <= found["batch"] < 10


def test_one_thread():
    before = torch.get_num_threads()
    with pytest.raises(KeyError), one_thread():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == before


@pytest.fixture
def data(make_ranker, doc_x):
    """Whose truth is what the ranker says first, but for filtered pairs."""
    ranker = make_ranker()
    index, _ = ranker.predict(doc_x, 12)
    x = doc_x.to_scipy()
    y = np.zeros((7, 12), dtype=np.float32)
    y[np.arange(7), index[:, 1]] = 1  # the second, since the first is filtered
    pairs = np.stack([np.arange(7), index[:, 0]], axis=1)
    label_x = csr_matrix((12, 9), dtype=np.float32)
    return ranker, LFDataset("x", x, x, label_x, csr_matrix(y), csr_matrix(y), test_filter=pairs)


def test_accuracy(data):
    ranker, dataset = data
    metrics = index_accuracy(freeze(ranker), dataset)
    assert metrics == pytest.approx({"P@1": 100.0, "P@5": 20.0, "PSP@1": 100.0, "PSP@5": 100.0})


def test_a_shortlist_is_never_by_passed(data, monkeypatch):
    ranker, dataset = data
    index = freeze(ranker, shortlist="projection", candidates=10)
    asked = []
    rank = index.rank
    monkeypatch.setattr(
        index, "rank", lambda ids, weights, k, exact: asked.append(k) or rank(ids, weights, k, exact)
    )
    index_accuracy(index, dataset)
    assert set(asked) == {5}  # not 5 + 1: twice that is more than the candidates
    asked.clear()
    index_accuracy(index, dataset, exact=True)
    assert set(asked) == {6}
