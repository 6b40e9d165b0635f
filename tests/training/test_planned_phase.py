from __future__ import annotations

import pytest

from xcgraph.training.callbacks import Callback
from xcgraph.training.planned_phase import PlannedPhase, num_epochs, plan_phases
from xcgraph.training.run import run_benchmark


class Listener(Callback):
    def on_run_start(self, phases):
        self.planned = list(phases)
        self.seen = []

    def on_phase_start(self, phase, epochs, documents, epoch):
        self.seen.append((phase, epochs, documents))


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [
        ("default", {"scoring": "all", "instances": 2}),
        ("default", {"scoring": "shortlist", "instances": 1}),
        ("default", {"min_steps": 9, "max_epochs": 40}),
        ("default", {"epochs": 30, "max_steps": 50, "max_epochs": 40}),
        ("paper", {"instances": 2}),
    ],
)
def test_a_run_has_the_phases_that_were_planned(tiny, small, tmp_path, recipe, changes):
    listener = Listener()
    settings = small("eclare", recipe, validation_fraction=0.0, **changes)
    run_benchmark(tiny, tmp_path / "run", settings=settings, recipe=recipe, callbacks=[listener])
    assert listener.seen == [(phase.label, phase.epochs, phase.documents) for phase in listener.planned]


def test_labels(small):
    (alone,) = plan_phases(small(instances=1, epochs=3), "default", "all", 60)
    assert alone == PlannedPhase("ranker", "ranker", 3, 60)
    both = plan_phases(small(instances=2), "default", "shortlist", 60)
    assert [phase.label for phase in both[2:4]] == ["ranker 1/2", "surrogate 2/2"]


def test_steps_bound_the_epochs_of_the_default_ranker(small):
    settings = small(epochs=8, min_epochs=4, max_epochs=40, min_steps=30, max_steps=60, batch_size=10)
    found = [num_epochs("ranker", settings, "default", n) for n in (1, 20, 100, 1000)]
    assert found == [30, 15, 6, 4]
    assert num_epochs("ranker", settings, "paper", 1000) == settings.ranker_epochs
