"""Draws are compared with exact probabilities; generators are seeded, so that the tests never flake."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.stats import chi2, chisquare

from xcgraph.sampler.draw import (
    _FLOYD_MAX,
    draw_first,
    draw_uniform,
    draw_uniform_replace,
    draw_weighted,
    draw_weighted_replace,
)
from xcgraph.testing import inclusion_probabilities

N = 10_000  # rows drawn from, all alike
LEAST = 1e-4  # p-value; one of fifty tests falls below by chance in one of two hundred choices of seeds
# Degree and fan-out: below, just below, equal and above; degrees 2 to 50.
CASES = [(2, 1), (2, 2), (3, 5), (5, 2), (11, 10), (20, 19), (25, 10), (50, 1), (50, 7), (50, 50)]


def rows(d: int, device: torch.device, first: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Generator]:
    start, degree = torch.full((2, N), first, device=device)
    return start, degree.fill_(d), torch.Generator(device).manual_seed(d)


def weights(d: int, device: torch.device, first: int = 3) -> torch.Tensor:
    """Of the edges from ``first``: descending, from 1 to a fiftieth; edges before have none."""
    return torch.cat([torch.zeros(first), torch.linspace(1, 0.02, d)]).double().to(device)


def indicators(edge, owner, d: int, k: int, first: int = 3) -> np.ndarray:
    """Which edges were drawn in each row, ``[N, d]``, after checking that they are of the row and differ."""
    assert owner.cpu().equal(torch.arange(N).repeat_interleave(min(d, k)))
    offset = edge.cpu() - first
    assert offset.min() >= 0 and offset.max() < d
    drawn = torch.zeros(N, d, dtype=torch.long).index_put_((owner.cpu(), offset), torch.ones(1).long(), True)
    assert drawn.max() == 1
    return drawn.numpy()


def p_value(drawn: np.ndarray, expected: np.ndarray) -> float:
    """Of the test that rows of indicators, whose sums are fixed, have given means (Hotelling's T-squared)."""
    mean = drawn.mean(axis=0)
    always = mean == 1  # says little, and has no variance
    if (expected[always] < 1 - 20 / len(drawn)).any():
        return 0.0
    drawn, difference = drawn[:, ~always][:, :-1], (mean - expected)[~always][:-1]
    covariance = np.atleast_2d(np.cov(drawn, rowvar=False))
    return chi2.sf(len(drawn) * difference @ np.linalg.solve(covariance, difference), len(difference))


@pytest.mark.parametrize(("d", "k"), CASES)
def test_uniform(device, d, k):
    start, degree, generator = rows(d, device)
    drawn = indicators(*draw_uniform(start, degree, k, generator), d, k)
    if k >= d:
        assert drawn.all()
    else:
        assert p_value(drawn, np.full(d, k / d)) > LEAST


@pytest.mark.parametrize(("d", "k"), [(4, 2), (5, 3), (6, 5), (7, 3)])
def test_uniform_draws_every_set_equally_often(d, k):
    start, degree, generator = rows(d, torch.device("cpu"))
    drawn = indicators(*draw_uniform(start, degree, k, generator), d, k)
    sets, counts = np.unique(drawn @ (1 << np.arange(d)), return_counts=True)
    assert len(sets) == len(list(combinations(range(d), k)))
    assert chisquare(counts).pvalue > LEAST


def test_uniform_beyond_floyd(monkeypatch):
    start, degree, generator = rows(12, torch.device("cpu"))
    monkeypatch.setattr("xcgraph.sampler.draw._FLOYD_MAX", 3)
    drawn = indicators(*draw_uniform(start, degree, 4, generator), 12, 4)
    assert p_value(drawn, np.full(12, 4 / 12)) > LEAST


def test_uniform_of_many_different_edges():
    k = _FLOYD_MAX + 1
    edge, owner = draw_uniform(torch.tensor([0, 10]), torch.tensor([k + 1, 10**6]), k)
    assert owner.bincount().tolist() == [k, k] and all(edge[owner == i].unique().numel() == k for i in (0, 1))


@pytest.mark.parametrize(("d", "k"), CASES)
def test_uniform_replace(device, d, k):
    start, degree, generator = rows(d, device)
    edge, owner = draw_uniform_replace(start, degree, k, generator)
    assert owner.cpu().equal(torch.arange(N).repeat_interleave(k))
    assert chisquare((edge.cpu() - 3).bincount(minlength=d)).pvalue > LEAST
    if k > 1:  # draws of a row are independent
        pairs = (edge - 3).view(N, k)[:, :2].cpu()
        assert chisquare((pairs[:, 0] * d + pairs[:, 1]).bincount(minlength=d * d)).pvalue > LEAST


@pytest.mark.parametrize(("d", "k"), CASES)
def test_weighted(device, d, k):
    start, degree, generator = rows(d, device)
    weight = weights(d, device)
    drawn = indicators(*draw_weighted(start, degree, k, weight, generator), d, k)
    if k >= d:
        assert drawn.all()
        return
    expected = inclusion_probabilities(weight[3:].cpu().numpy(), k)
    assert p_value(drawn, expected) > LEAST
    assert p_value(drawn, np.full(d, k / d)) < LEAST  # the test does see weights


def test_weighted_keeps_apart_extreme_weights():
    weight = torch.tensor([1.0, 1e-300, 1e-305])
    start, degree, generator = rows(3, torch.device("cpu"), first=0)
    drawn = indicators(*draw_weighted(start, degree, 2, weight.double(), generator), 3, 2, first=0)
    assert drawn[:, 0].all() and drawn[:, 2].mean() < 1e-3


@pytest.mark.parametrize(("d", "k"), CASES)
def test_weighted_replace(device, d, k):
    start, degree, generator = rows(d, device)
    share = weights(d, device)[3:] / weights(d, device).sum()
    cdf = torch.cat([torch.zeros(3, device=device), share.cumsum(0)]).double()
    edge, owner = draw_weighted_replace(start, degree, k, cdf, generator)
    assert owner.cpu().equal(torch.arange(N).repeat_interleave(k))
    counts = (edge.cpu() - 3).bincount(minlength=d)
    assert chisquare(counts, share.cpu() / share.sum().cpu() * counts.sum()).pvalue > LEAST


def test_rows_of_different_degrees(device):
    start, degree = torch.tensor([[0, 0, 3, 4, 20], [0, 3, 1, 16, 2]], device=device)
    weight = torch.ones(22, dtype=torch.double, device=device)
    for draw in (draw_uniform, lambda s, d, k: draw_weighted(s, d, k, weight), draw_first):
        edge, owner = draw(start, degree, 3)
        assert owner.tolist() == [1, 1, 1, 2, 3, 3, 3, 4, 4]
        assert sorted(edge[:3].tolist()) == [0, 1, 2] and edge[3] == 3 and edge[7:].tolist() == [20, 21]
        assert edge[4:7].min() >= 4 and edge[4:7].max() < 20 and edge[4:7].unique().numel() == 3
    cdf = torch.tensor([1 / 3, 2 / 3, 1.0, 1.0, *range(16), 0.5, 1.0], dtype=torch.double, device=device)
    for draw in (draw_uniform_replace, lambda s, d, k: draw_weighted_replace(s, d, k, cdf)):
        edge, owner = draw(start, degree, 3)
        assert owner.tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4] and edge[3:6].tolist() == [3, 3, 3]


def test_first():
    start, degree = torch.tensor([[0, 5], [5, 2]])
    assert draw_first(start, degree, 3)[0].tolist() == [0, 1, 2, 5, 6]
    assert draw_first(start, degree, -1)[0].tolist() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("n", [0, 2])
def test_no_edges(n):
    start = degree = torch.zeros(n, dtype=torch.long)
    none = torch.empty(0, dtype=torch.double)
    for edge, owner in (
        draw_first(start, degree, 2),
        draw_uniform(start, degree, 2),
        draw_uniform_replace(start, degree, 2),
        draw_weighted(start, degree, 2, none),
        draw_weighted_replace(start, degree, 2, none),
    ):
        assert edge.numel() == owner.numel() == 0


def test_the_cost_of_a_hub_does_not_depend_on_its_degree():
    from torch.utils._python_dispatch import TorchDispatchMode

    class Largest(TorchDispatchMode):
        numel = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            self.numel = max(
                [
                    self.numel,
                    *(
                        t.numel()
                        for t in (out if isinstance(out, tuple) else (out,))
                        if isinstance(t, torch.Tensor)
                    ),
                ]
            )
            return out

    hub = torch.tensor([10**9])
    with Largest() as largest:
        draw_uniform(torch.zeros_like(hub), hub, 10)
        draw_uniform_replace(torch.zeros_like(hub), hub, 10)
    assert 10 <= largest.numel < 200
