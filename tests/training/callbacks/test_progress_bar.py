from __future__ import annotations

import io
import re
import sys

import pytest
import torch

from xcgraph.training.callbacks import ProgressBar
from xcgraph.training.planned_phase import PlannedPhase

PHASES = [PlannedPhase("ranker", f"ranker {n}/2", 2, 10) for n in (1, 2)]


def tell(bar: ProgressBar, clock) -> None:
    bar.on_run_start(PHASES)
    bar.on_message("label graph: 7 labels")
    for phase in PHASES:
        bar.on_phase_start(phase.label, 2, 10, 0)
        for epoch in (1, 2):
            for done in (5, 10):
                clock.now += 30
                bar.on_step(done, torch.tensor(done / 20))
            record = {"phase": phase.label, "epoch": epoch, "loss": 0.5, "seconds": 60.0 * epoch}
            bar.on_epoch_end({**record, "P@1": 12.345, "PSP@5": 6.789})
        bar.on_phase_end(phase.label)
    bar.close()  # more than once does no harm


def test_lines_where_there_is_no_terminal(capsys, clock):
    tell(ProgressBar(clock), clock)
    out, err = capsys.readouterr()
    assert out == ""
    told = "loss 0.500, validation P@1 12.35, PSP@5 6.79"
    assert err.splitlines() == [
        "label graph: 7 labels",
        f"ranker 1/2 epoch 1/2: {told} (60 s; left 01:00, in all phases 03:00)",
        f"ranker 1/2 epoch 2/2: {told} (120 s; left in all phases 02:00)",
        f"ranker 2/2 epoch 1/2: {told} (60 s; left 01:00)",
        f"ranker 2/2 epoch 2/2: {told} (120 s)",
    ]


def test_lines_without_validation_and_plan(capsys, clock):
    bar = ProgressBar(clock)
    bar.on_phase_start("surrogate", 1, 10, 0)
    clock.now += 1
    bar.on_epoch_end({"epoch": 1, "loss": 0.5, "seconds": 1.0})
    assert capsys.readouterr().err == "surrogate epoch 1/1: loss 0.500 (1 s)\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def pictures(self) -> list[str]:
        """What the bar has shown, one after the other."""
        return [line.strip() for line in re.split(r"[\r\n]", self.getvalue()) if line.strip()]


def at_a_terminal(monkeypatch) -> Terminal:
    """In place of stderr; not a fixture, for pytest takes stderr back before the test."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LINES", "50")
    return terminal


def test_bar_on_a_terminal(monkeypatch, capsys, clock):
    terminal = at_a_terminal(monkeypatch)
    tell(ProgressBar(clock), clock)
    assert "label graph: 7 labels\n" in terminal.getvalue()
    shown = terminal.pictures()
    first = next(line for line in shown if "epoch 1/2" in line)
    assert first.startswith("ranker 1/2 epoch 1/2:  25%|")
    assert first.endswith("left 01:30, in all phases 03:30, loss 0.250]")
    second = next(line for line in shown if "epoch 2/2" in line)
    assert second.endswith("left 00:30, in all phases 02:30, loss 0.250, P@1 12.35, PSP@5 6.79]")
    assert max(map(len, shown)) < 120
    assert any("epoch 2/2: 100%|" in line for line in shown)
    assert capsys.readouterr().out == ""


def test_bar_is_not_drawn_at_every_step(monkeypatch, clock):
    terminal = at_a_terminal(monkeypatch)
    bar = ProgressBar(clock)
    bar.on_phase_start("ranker", 1, 1000, 0)
    for done in range(1, 1001):
        clock.now += 0.001
        bar.on_step(done, torch.tensor(0.5))
    bar.close()
    assert 10 <= len(terminal.pictures()) < 20
    assert "100%|" in terminal.pictures()[-1]


@pytest.mark.parametrize("epoch", [0, 1])
def test_bar_of_a_resumed_phase_starts_where_it_was(monkeypatch, clock, epoch):
    terminal = at_a_terminal(monkeypatch)
    bar = ProgressBar(clock)
    bar.on_phase_start("ranker", 2, 10, epoch)
    bar.on_step(5, torch.tensor(0.25))
    bar.on_phase_end("ranker")
    assert f"epoch {epoch + 1}/2:  {50 * epoch + 25}%|" in terminal.getvalue()
