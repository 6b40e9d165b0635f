"""Nothing of the size of documents x labels, or labels x labels, is ever made."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from xcgraph.inference import label_ranker, lexical_scorer
from xcgraph.testing import tiny_dataset
from xcgraph.training import run_benchmark

N, L = 700, 600


class Largest(TorchDispatchMode):
    """Keeps the size of the largest tensor that any operation returned, and which it was."""

    size, name = 0, ""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                # What is behind it: an expanded view of one number costs nothing.
                size = (
                    leaf.untyped_storage().nbytes() // leaf.element_size() if leaf.layout == torch.strided else 0
                )
                if size > self.size:
                    self.size, self.name = size, f"{func} {list(leaf.shape)}"
        return out


@pytest.fixture(scope="module")
def data():
    return tiny_dataset(L, N, 150)


def test_the_measure_itself():
    with Largest() as largest:
        torch.zeros(30, 40).sum()
        torch.zeros(1).expand(1000, 1000)
    assert largest.size == 1200 and "[30, 40]" in largest.name


@pytest.mark.parametrize(
    ("model", "recipe", "changes"),
    [
        ("eclare", "default", {"scoring": "all", "fusion": True}),
        ("eclare", "default", {"scoring": "shortlist", "fusion": True, "validation_fraction": 0.05}),
        ("eclare", "paper", {}),
        ("decaf", "paper", {}),
    ],
)
def test_largest_tensor(data, small, tmp_path, monkeypatch, model, recipe, changes):
    # Documents are scored in pieces of bounded size, which these few documents would all fit in.
    monkeypatch.setattr(label_ranker, "_MAX_SCORES", 50 * L)
    monkeypatch.setattr(lexical_scorer, "_MAX_ENTRIES", 50 * L)
    monkeypatch.setattr(lexical_scorer, "_MAX_HEAD", 50 * L)
    options = {"max_epochs": 1, "min_epochs": 1, "surrogate_epochs": 1, "ranker_epochs": 1}
    options |= {"negatives": 40, "hard_negatives": 4, "cluster_size": 8, **changes}
    settings = small(model, recipe, **options)
    with Largest() as largest:
        metrics = run_benchmark(data, tmp_path, model=model, recipe=recipe, settings=settings)
    assert metrics["data"]["labels"] == L and metrics["data"]["train_documents"] == N
    # Four fifths of the documents are trained on; nor may half of such a matrix hide here.
    assert 0 < largest.size < 0.4 * min(N, L) * L, largest.name
