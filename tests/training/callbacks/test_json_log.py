from __future__ import annotations

import json

from xcgraph.training.callbacks import JsonLog


def line(phase: str, epoch: int) -> dict:
    return {"phase": phase, "epoch": epoch, "loss": 0.5, "seconds": 1.0}


def epochs(path) -> list[tuple[str, int]]:
    return [(r["phase"], r["epoch"]) for r in map(json.loads, path.read_text().splitlines())]


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


def test_records_of_a_phase(tmp_path):
    log = JsonLog(tmp_path / "log.jsonl")
    for phase, epoch in (("a", 1), ("b", 1), ("a", 2)):
        log.on_epoch_end(line(phase, epoch))
    assert log.records("a") == [line("a", 1), line("a", 2)] and log.records("c") == []
