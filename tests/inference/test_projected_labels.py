from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import ProjectedLabels
from xcgraph.inference.projected_labels import best_ids, principal_directions


@pytest.fixture
def weight():
    """Label vectors around a common one, that vary along five directions and little along the others."""
    g = torch.Generator().manual_seed(1)
    strong = torch.randn(3000, 5, generator=g) @ torch.randn(5, 20, generator=g)
    return 10 + strong + 0.01 * torch.randn(3000, 20, generator=g)


def products(projected, x):
    """With 0.75 known of each score, and 0.25 of all."""
    num_labels = projected.shape[0]
    base, out = np.full(num_labels, 0.75, dtype=np.float32), np.full(num_labels, np.nan, dtype=np.float32)
    projected.products(projected.project(x), base, 0.25, out)
    return out


def test_directions_are_those_of_largest_variance(weight):
    mean = weight.mean(dim=0)
    found = principal_directions(weight, mean, 5)
    assert torch.allclose(found @ found.t(), torch.eye(5), atol=1e-5)
    exact = torch.linalg.svd(weight - mean, full_matrices=False).Vh[:5]
    assert torch.allclose(found.t() @ found, exact.t() @ exact, atol=1e-4)
    assert torch.equal(found, principal_directions(weight, mean, 5))


@pytest.mark.parametrize(("dims", "stored"), [(5, 8), (8, 8), (100, 20)])
def test_approximation(weight, dims, stored):
    mean = weight.mean(dim=0)
    projected = ProjectedLabels.fit(weight, mean, dims)
    assert projected.dims == stored
    x = np.random.default_rng(0).random(20).astype(np.float32)
    exact = ((weight - mean) @ torch.from_numpy(x)).numpy()
    out = products(projected, x) - 1
    # The document is rounded, see dot_columns.
    lengths = np.linalg.norm(projected.project(x)) * (weight - mean).norm(dim=1).numpy()
    assert np.abs(out - exact).std() < 0.009 * lengths.mean()
    assert np.abs(out - exact).max() < 0.04 * lengths.max()


def test_one_direction_misses_the_rest(weight):
    mean = weight.mean(dim=0)
    x = np.random.default_rng(0).random(20).astype(np.float32)
    exact = ((weight - mean) @ torch.from_numpy(x)).numpy()
    out = products(ProjectedLabels.fit(weight, mean, 1), x) - 1
    assert np.abs(out - exact).max() > 0.5 * exact.std()


def test_few_labels():
    weight = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    out = products(ProjectedLabels.fit(weight, weight.mean(dim=0), 48), np.ones(6, dtype=np.float32)) - 1
    np.testing.assert_allclose(out, (weight - weight.mean(dim=0)).sum(dim=1), atol=0.1)


def test_shapes():
    with pytest.raises(ValueError, match="expected int8 of a multiple of 4 rows"):
        ProjectedLabels(torch.zeros(6, 3, dtype=torch.int8), torch.ones(3), torch.zeros(6, 5))


@pytest.mark.parametrize("size", [1, 5, 1000, 1001])
@pytest.mark.parametrize("count", [1, 4, 30, 400])
def test_best_ids(size, count):
    rng = np.random.default_rng(0)
    for score in (rng.standard_normal(size), np.sort(rng.standard_normal(size)), rng.integers(0, 3, size)):
        score = score.astype(np.float32)
        found = best_ids(score, count)
        assert sorted(score[found])[::-1][:count] == sorted(score)[::-1][:count]
        assert len(set(found.tolist())) == len(found)


def test_more_and_fewer_labels(weight):
    """Labels that come later are projected as those that were there are."""
    mean = weight.mean(dim=0)
    labels = ProjectedLabels.fit(weight, mean, 6)
    more = labels.extended(weight[:3] - mean, torch.zeros(3))
    some = more.kept(torch.tensor([2, len(weight), len(weight) + 2]))
    x = torch.randn(weight.size(1), generator=torch.Generator().manual_seed(4)).numpy()

    def scores(found):
        out = np.empty(found.shape[0], dtype=np.float32)
        found.products(found.project(x), np.zeros_like(out), 0.0, out)
        return out

    before, after = scores(labels), scores(more)
    assert after[: len(weight)] == pytest.approx(before) and after[len(weight) :] == pytest.approx(
        before[:3], rel=0.02, abs=0.02
    )
    assert scores(some) == pytest.approx(after[[2, len(weight), len(weight) + 2]])
