from __future__ import annotations

import io
import json
import sys

import pytest

from xcgraph.training.callbacks import Callback, JsonLog, ProgressBar


def line(phase: str, epoch: int) -> dict:
    return {"phase": phase, "epoch": epoch, "loss": 0.5, "seconds": 1.0}


def epochs(path) -> list[tuple[str, int]]:
    return [(r["phase"], r["epoch"]) for r in map(json.loads, path.read_text().splitlines())]


def test_every_hook_may_be_left_out():
    callback = Callback()
    callback.on_phase_start("a", 2, 10, 0)
    callback.on_step(5, 0.1)
    callback.on_epoch_end(line("a", 1))
    callback.on_phase_end("a")
    callback.on_message("text")


def test_one_line_an_epoch(tmp_path):
    log = JsonLog(tmp_path / "log.jsonl")
    for phase in ("a", "b"):
        log.on_phase_start(phase, 2, 10, 0)
        for epoch in (1, 2):
            log.on_epoch_end(line(phase, epoch))
    assert epochs(tmp_path / "log.jsonl") == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_a_new_run_starts_an_empty_log(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("of another run\n")
    JsonLog(path)
    assert path.read_text() == ""
    path.unlink()
    JsonLog(path, resume=True)
    assert path.read_text() == ""


def test_epochs_that_will_be_trained_again_are_taken_back(tmp_path):
    path = tmp_path / "log.jsonl"
    log = JsonLog(path)
    for phase, epoch in (("a", 1), ("a", 2), ("b", 1), ("b", 2), ("b", 3)):
        log.on_epoch_end(line(phase, epoch))
    log = JsonLog(path, resume=True)
    log.on_phase_start("a", 2, 10, 2)  # finished
    log.on_phase_start("b", 5, 10, 2)  # epoch 3 was told, not saved
    assert epochs(path) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    log.on_epoch_end(line("b", 3))
    assert epochs(path)[-1] == ("b", 3)
    assert [p.name for p in tmp_path.iterdir()] == ["log.jsonl"]


def test_half_a_line(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(line("a", 1)) + "\n" + json.dumps(line("a", 2))[:20])
    log = JsonLog(path, resume=True)
    log.on_phase_start("a", 3, 10, 1)
    log.on_epoch_end(line("a", 2))
    assert epochs(path) == [("a", 1), ("a", 2)]


def tell(bar: ProgressBar) -> None:
    bar.on_message("label graph: 7 labels")
    bar.on_phase_start("ranker", 2, 10, 0)
    for epoch in (1, 2):
        bar.on_step(5, 0.25)
        bar.on_step(10, 0.5)
        bar.on_epoch_end({**line("ranker", epoch), "P@1": 12.345, "PSP@5": 6.789})
    bar.on_phase_end("ranker")
    bar.on_phase_end("")  # more than once does no harm


def test_lines_where_there_is_no_terminal(capsys):
    tell(ProgressBar())
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "label graph: 7 labels",
        "ranker epoch 1/2: loss 0.500, validation P@1 12.35, PSP@5 6.79 (1 s)",
        "ranker epoch 2/2: loss 0.500, validation P@1 12.35, PSP@5 6.79 (1 s)",
    ]


def test_lines_without_validation(capsys):
    bar = ProgressBar()
    bar.on_phase_start("surrogate", 1, 10, 0)
    bar.on_epoch_end(line("surrogate", 1))
    assert capsys.readouterr().err == "surrogate epoch 1/1: loss 0.500 (1 s)\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_on_a_terminal(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    tell(ProgressBar())
    shown = terminal.getvalue()
    assert "label graph: 7 labels\n" in shown
    assert "ranker epoch 1/2" in shown and "ranker epoch 2/2" in shown
    assert "loss 0.250" in shown and "validation P@1 12.35, PSP@5 6.79" in shown
    assert "20/20" in shown  # documents of both epochs
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("epoch", [0, 1])
def test_bar_of_a_resumed_phase_starts_where_it_was(monkeypatch, epoch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = ProgressBar()
    bar.on_phase_start("ranker", 2, 10, epoch)
    bar.on_step(5, 0.25)
    bar.on_phase_end("ranker")
    assert f"{10 * epoch + 5}/20" in terminal.getvalue()
    assert f"epoch {epoch + 1}/2" in terminal.getvalue()
