from __future__ import annotations

import pytest
import torch

from xcgraph.training.callbacks import TimeLeft
from xcgraph.training.planned_phase import PlannedPhase

RANKERS = [PlannedPhase("ranker", f"ranker {n}/2", 4, 100) for n in (1, 2)]
MODULES = [
    PlannedPhase(name, f"{name} {n}/2", epochs, 100)
    for n in (1, 2)
    for name, epochs in (("surrogate", 2), ("shortlister", 1), ("ranker", 2))
]


def epochs(time, clock, first: int, *seconds: float) -> None:
    """Epochs that take so many seconds each."""
    for epoch, took in enumerate(seconds, first):
        clock.now += took
        time.on_epoch_end({"epoch": epoch})


def test_nothing_is_known_at_first(clock):
    time = TimeLeft(clock)
    time.on_run_start(RANKERS)
    time.on_phase_start("ranker 1/2", 4, 100, 0)
    assert time.of_phase() is None and time.of_run() is None


def test_within_the_first_epoch_steps_tell(clock):
    time = TimeLeft(clock)
    time.on_run_start(RANKERS)
    clock.now += 7  # a graph is built
    time.on_phase_start("ranker 1/2", 4, 100, 0)
    clock.now += 5
    time.on_step(50, torch.tensor(0.5))  # a tenth of a second a document
    assert time.of_phase() == pytest.approx(35)
    assert time.of_run() == pytest.approx(35 + 7 + 40)


def test_finished_epochs_tell_with_their_validation(clock):
    time = TimeLeft(clock)
    time.on_run_start(RANKERS)
    time.on_phase_start("ranker 1/2", 4, 100, 0)
    clock.now += 10
    time.on_step(100, torch.tensor(0.5))
    clock.now += 10  # validation
    time.on_epoch_end({"epoch": 1})
    assert time.of_phase() == pytest.approx(60) and time.of_run() == pytest.approx(140)
    clock.now += 5
    time.on_step(50, torch.tensor(0.5))
    assert time.of_phase() == pytest.approx(50)


def test_a_slow_first_epoch_is_forgotten(clock):
    time = TimeLeft(clock)
    time.on_phase_start("ranker", 10, 100, 0)
    epochs(time, clock, 1, 90, 10, 11, 12)
    assert time.of_phase() == pytest.approx(6 * 11)


def test_the_estimate_of_even_work_is_exact_at_every_moment(clock):
    time = TimeLeft(clock)
    time.on_run_start(RANKERS)
    total = 2 * (3 + 4 * 20)
    start, pace = clock.now, 0.2
    for phase in RANKERS:
        clock.now += 3
        time.on_phase_start(phase.label, 4, 100, 0)
        for epoch in range(1, 5):
            for done in (25, 50, 75, 100):
                clock.now += 25 * pace
                time.on_step(done, torch.tensor(0.5))
                assert time.of_run() == pytest.approx(start + total - clock.now)
            time.on_epoch_end({"epoch": epoch})
            assert time.of_run() == pytest.approx(start + total - clock.now)
        time.on_phase_end(phase.label)
    assert time.of_phase() == time.of_run() == 0


def test_of_phases_of_another_kind_nothing_is_known(clock):
    time = TimeLeft(clock)
    time.on_run_start(MODULES)
    for phase, seconds in zip(MODULES[:3], (5, 7, 20), strict=True):
        time.on_phase_start(phase.label, phase.epochs, 90, 0)  # the first instance validates on ten documents
        clock.now += seconds
        time.on_epoch_end({"epoch": 1})
        if phase.name != "ranker":
            assert time.of_phase() is not None and time.of_run() is None
            epochs(time, clock, 2, *[seconds] * (phase.epochs - 1))
            time.on_phase_end(phase.label)
            clock.now += 2
    # An epoch of the ranker, then two, one and two of the second instance, of 100 documents each.
    second = (2 * 5 + 7 + 2 * 20) * 100 / 90 + 2 + 2
    assert time.of_phase() == pytest.approx(20) and time.of_run() == pytest.approx(20 + second)


def test_a_phase_of_a_known_kind_starts_with_its_pace(clock):
    time = TimeLeft(clock)
    time.on_run_start(RANKERS)
    time.on_phase_start("ranker 1/2", 4, 50, 0)
    epochs(time, clock, 1, 10, 10)  # and stops early
    time.on_phase_end("ranker 1/2")
    assert time.of_phase() == 0 and time.of_run() == pytest.approx(80)
    time.on_phase_start("ranker 2/2", 2, 100, 0)
    assert time.of_phase() == time.of_run() == pytest.approx(40)


def test_a_resumed_run(clock):
    time = TimeLeft(clock)
    time.on_run_start(RANKERS)
    time.on_phase_start("ranker 1/2", 4, 100, 4)  # finished
    time.on_phase_end("ranker 1/2")
    assert time.of_phase() == 0 and time.of_run() is None
    time.on_phase_start("ranker 2/2", 4, 100, 2)
    epochs(time, clock, 3, 10)
    assert time.of_phase() == time.of_run() == pytest.approx(10)


def test_without_a_plan_phases_alone(clock):
    time = TimeLeft(clock)
    time.on_phase_start("ranker", 4, 100, 0)
    epochs(time, clock, 1, 10)
    assert time.of_phase() == pytest.approx(30) and time.of_run() is None
