import dataclasses
import time

from xcgraph.training.preflight import Rates


def test_measured_in_a_moment():
    start = time.perf_counter()
    rates = Rates.measured(dim=32)
    assert time.perf_counter() - start < 20
    # Between a very old machine and one that is not built yet.
    assert all(1e3 < value < 1e15 for value in dataclasses.astuple(rates))
    assert rates.flops > rates.steps
