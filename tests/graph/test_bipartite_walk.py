import numpy as np
import pytest
import torch

from xcgraph.graph import BipartiteWalk, bipartite_restart_walk
from xcgraph.graph.counter_rng import random_bits
from xcgraph.sparse import CSR


def _naive_walk(y, source, restart, length, seed):
    """Step by step, with the walk's random bits."""
    word = [w % 2**64 for w in random_bits(seed, torch.tensor([2 * source]), length)[0].tolist()]
    extra = random_bits(seed, torch.tensor([2 * source + 1]), length)[0].tolist()
    halves = [half for w in extra for half in (w % 2**32, w // 2**32 % 2**32)]
    at, visited = source, []
    for t in range(length):
        # The halves are signed in the walk: 2^31 wraps around to the lowest.
        if t == 0 or (halves[t] ^ 2**31) < round(restart * 2**32):
            at = source
        docs = np.flatnonzero(y[:, at])
        doc = docs[(word[t] % 2**32) * len(docs) // 2**32]
        labels = np.flatnonzero(y[doc])
        at = int(labels[(word[t] // 2**32) * len(labels) // 2**32])
        visited.append(at)
    return visited


@pytest.mark.parametrize("restart", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("length", [1, 41])
def test_against_a_walk_in_plain_python(device, make_y, restart, length):
    y = make_y()
    visited = BipartiteWalk(y, restart, length, seed=3, device=device)(torch.arange(24))
    dense = y.toarray()
    assert visited.tolist() == [_naive_walk(dense, source, restart, length, 3) for source in range(24)]


def test_distance_to_the_expectation_shrinks_with_length(device, make_y, visit_share):
    y = make_y()
    distance = []
    for length in (50, 800, 12_800):
        visited = BipartiteWalk(y, 0.5, length, device=device)(torch.arange(24)).cpu()
        share = torch.stack([torch.bincount(row, minlength=25) for row in visited]).numpy() / length
        distance.append(np.abs(share - visit_share(y, 0.5, length)[:24]).sum(1).mean() / 2)
    # Sixteen times the steps: a quarter of the distance.
    assert distance[1] < distance[0] / 3
    assert distance[2] < distance[1] / 3
    assert distance[2] < 0.02


def test_seed_and_company_of_sources(make_y):
    y = make_y()
    walk = BipartiteWalk(y, length=30, seed=1)
    together = walk(torch.arange(24))
    assert torch.equal(walk(torch.tensor([7, 2])), together[[7, 2]])
    assert torch.equal(bipartite_restart_walk(CSR.from_scipy(y), torch.arange(24), length=30, seed=1), together)
    assert not torch.equal(bipartite_restart_walk(y, torch.arange(24), length=30, seed=2), together)


def test_labels_without_documents_and_no_sources(make_y):
    walk = BipartiteWalk(make_y(), length=5)
    assert walk.label_degree[24] == 0
    visited = walk(torch.tensor([24, 0, 24]))
    assert (visited[[0, 2]] == -1).all()
    assert (visited[1] >= 0).all()
    assert walk(torch.empty(0, dtype=torch.long)).shape == (0, 5)


def test_bad_arguments(make_y):
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
        BipartiteWalk(make_y(), restart=1.5)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        BipartiteWalk(make_y(), length=0)


@pytest.mark.parametrize("restart", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("length", [1, 41])
@pytest.mark.parametrize("seed", [0, 3, -1])
def test_counts_are_of_the_same_walks(device, make_y, restart, length, seed):
    walk = BipartiteWalk(make_y(), restart, length, seed, device)
    sources = torch.tensor([7, 24, 2, 0, 7, 11])  # label 24 has no documents
    source, label, count = (t.tolist() for t in walk.counts(sources))
    expected = []
    for row, own in zip(walk(sources).tolist(), sources.tolist(), strict=True):
        expected += [(own, to, row.count(to)) for to in sorted(set(row)) if to >= 0]
    assert list(zip(source, label, count, strict=True)) == expected


def test_counts_of_no_sources(device, make_y):
    walk = BipartiteWalk(make_y(), device=device)
    for sources in (torch.empty(0, dtype=torch.long), torch.tensor([24])):
        assert [t.tolist() for t in walk.counts(sources)] == [[], [], []]
