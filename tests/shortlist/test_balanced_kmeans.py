from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xcgraph.shortlist import BalancedKMeans
from xcgraph.shortlist.balanced_kmeans import _sums


def sizes(assignment, num_clusters):
    assert assignment.dtype == torch.long and int(assignment.min()) >= 0
    return torch.bincount(assignment, minlength=num_clusters)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.data())
def test_every_label_lands_in_one_of_equal_clusters(num_labels, data):
    num_clusters = data.draw(st.integers(1, num_labels))
    x = torch.randn(num_labels, 3, generator=torch.Generator().manual_seed(num_labels))
    x[data.draw(st.lists(st.integers(0, num_labels - 1)))] = 0.0
    count = sizes(BalancedKMeans(num_clusters).fit_predict(x), num_clusters)
    assert count.numel() == num_clusters and int(count.sum()) == num_labels
    assert int(count.max()) - int(count.min()) <= 1


@pytest.mark.parametrize("num_head", [3, 10, 16])
def test_head_labels_are_not_lost(num_head):
    # In the official ECLARE code, 4,096 labels at depth 8 lose all head labels where there are at most 16 of them.
    x = torch.randn(4096, 8, generator=torch.Generator().manual_seed(0))
    head = torch.randperm(4096, generator=torch.Generator().manual_seed(1))[:num_head]
    x[head] = 100.0 * (1.0 + 0.01 * x[head])  # long and alike, as centroids of frequent labels are
    assignment = BalancedKMeans(depth=8).fit_predict(x)
    assert sizes(assignment, 256).tolist() == [16] * 256


def test_separated_groups_are_found():
    generator = torch.Generator().manual_seed(0)
    group = torch.randperm(256, generator=generator) % 8
    x = torch.eye(8)[group] + 0.05 * torch.randn(256, 8, generator=generator)
    x *= torch.rand(256, 1, generator=generator) + 0.1  # lengths must not matter
    x[:3] *= 1000.0
    # Like any 2-means, one start may cut through a group; the best of a few finds all.
    pure = []
    for seed in range(8):
        assignment = BalancedKMeans(8, seed=seed).fit_predict(x)
        pure.append(sum(int(group[assignment == c].unique().numel() == 1) for c in range(8)))
    assert max(pure) == 8 and np.mean(pure) > 4


def reference_split(x, a, b, num_left, tol, max_iter):
    """One node, by the book, in float64."""
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-300)
    mu, before, order = np.stack([x[a], x[b]]), -np.inf, np.arange(len(x))
    for _ in range(max_iter):
        lean = x[order] @ (mu[1] - mu[0])
        order = order[np.argsort(lean, kind="stable")]
        halves = order[:num_left], order[num_left:]
        mu = np.stack([x[h].sum(0) for h in halves])
        mu /= np.linalg.norm(mu, axis=1, keepdims=True)
        similarity = sum((x[h] @ m).sum() for h, m in zip(halves, mu, strict=True)) / len(x)
        if similarity - before < tol:
            break
        before = similarity
    return set(order[:num_left].tolist())


@pytest.mark.parametrize("seed", range(5))
def test_a_split_agrees_with_a_plain_one(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(41, 5))
    generator = torch.Generator().manual_seed(seed)
    a = int(torch.rand(1, generator=generator, dtype=torch.float64) * 41)
    b = int(torch.rand(1, generator=generator, dtype=torch.float64) * 40)
    expected = reference_split(x, a, (a + 1 + b) % 41, 21, 1e-4, 50)
    assignment = BalancedKMeans(2, seed=seed).fit_predict(torch.from_numpy(x))
    assert set((assignment == 0).nonzero().view(-1).tolist()) == expected


def test_similarity_beats_a_random_partition():
    x = torch.randn(600, 16, generator=torch.Generator().manual_seed(0))
    unit = torch.nn.functional.normalize(x, dim=1)

    def similarity(assignment):
        total = torch.zeros(32, 16).index_add_(0, assignment, unit)
        return float(total.norm(dim=1).sum() / 600)

    assert similarity(BalancedKMeans(32).fit_predict(x)) > 1.3 * similarity(torch.arange(600) % 32)


def test_the_seed_and_nothing_else_decides():
    x = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
    first = BalancedKMeans(16, seed=3).fit_predict(x)
    torch.manual_seed(99)
    assert torch.equal(first, BalancedKMeans(16, seed=3).fit_predict(x))
    assert not torch.equal(first, BalancedKMeans(16, seed=4).fit_predict(x))
    small_blocks = BalancedKMeans(16, seed=3, max_elements=12).fit_predict(x)
    assert torch.equal(first, small_blocks)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_vectors_are_still_balanced(value):
    assert sizes(BalancedKMeans(depth=3).fit_predict(torch.full((50, 2), value)), 8).max() == 7


def test_half_precision_is_accepted():
    assert sizes(BalancedKMeans(4).fit_predict(torch.randn(40, 3).bfloat16()), 4).tolist() == [10] * 4


def test_sums_in_pieces():
    x = torch.randn(50, 3, dtype=torch.float64)
    member, weight = torch.randint(50, (40,)), torch.rand(40, dtype=torch.float64)
    count = torch.tensor([0, 17, 3, 20])
    expected = torch.stack(
        [
            (x[m] * w[:, None]).sum(0)
            for m, w in zip(member.split([0, 17, 3, 20]), weight.split([0, 17, 3, 20]), strict=True)
        ]
    )
    assert torch.allclose(_sums(count, member, weight, x, piece=4), expected)
    assert torch.allclose(_sums(count, member, weight, x), expected)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="either"):
        BalancedKMeans()
    with pytest.raises(ValueError, match="either"):
        BalancedKMeans(4, depth=2)
    with pytest.raises(ValueError, match="at least 1"):
        BalancedKMeans(0)
    with pytest.raises(ValueError, match="at least 4 rows"):
        BalancedKMeans(4).fit_predict(torch.randn(3, 2))
    with pytest.raises(ValueError, match="not finite"):
        BalancedKMeans(1).fit_predict(torch.tensor([[float("nan")]]))
    with pytest.raises(ValueError, match="floating"):
        BalancedKMeans(1).fit_predict(torch.ones(2, 2, dtype=torch.long))
