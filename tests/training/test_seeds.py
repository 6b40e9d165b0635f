from __future__ import annotations

from xcgraph.training.seeds import derive_seed


def test_range_and_dependence():
    seeds = [derive_seed(seed, name, epoch) for seed in range(5) for name in ("a", "b") for epoch in range(20)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert min(seeds) < 2**28 and max(seeds) > 2**31 - 2**28


def test_fixed_for_ever():
    # A run must go on the same in another process and with another Python.
    assert derive_seed(0, "ranker", 3) == derive_seed(0, "ranker", 3)
    assert derive_seed(7, "ranker", 3) == 593665598


def test_the_path_is_not_the_concatenation():
    assert derive_seed(1, "a", 12) != derive_seed(1, "a", 1, 2)
    assert derive_seed(1) != derive_seed(1, "")
