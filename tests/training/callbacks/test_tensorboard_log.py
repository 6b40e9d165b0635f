from __future__ import annotations

import json
import sys

import pytest

from xcgraph.training import run_benchmark
from xcgraph.training.callbacks import Callback, JsonLog, TensorBoardLog
from xcgraph.training.checkpoint import CheckpointStore

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    EventAccumulator = None
needs_tensorboard = pytest.mark.skipif(
    EventAccumulator is None, reason="tensorboard is not installed: pip install 'xcgraph[tensorboard]'"
)


def read(folder) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows of a folder: (step, value) by tag."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def logged(out) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """The same of ``log.jsonl``, by folder."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for record in map(json.loads, (out / "log.jsonl").read_text().splitlines()):
        folder = found.setdefault(record["phase"].replace(" ", "-").replace("/", "-of-"), {})
        for name, value in record.items():
            if name not in ("phase", "epoch"):
                group = "train" if name in ("loss", "learning_rate", "seconds") else "validation"
                folder.setdefault(f"{group}/{name}", []).append((record["epoch"], pytest.approx(value)))
    return found


def assert_same(out) -> None:
    folders = {path.name: read(path) for path in (out / "tensorboard").iterdir()}
    result = folders.pop("result")
    assert folders == logged(out)
    metrics = json.loads((out / "metrics.json").read_text())
    assert result["test/P@1"] == [(0, pytest.approx(metrics["P@1"]))]
    shown = {f"test/{name}" for name in metrics if "@" in name}
    assert set(result) == shown | {f"seconds/{name}" for name in metrics["train_seconds"]}
    assert result["seconds/total"] == [(0, pytest.approx(metrics["train_seconds"]["total"]))]


class Killed(BaseException):
    pass


class KillAt(Callback):
    """Raises when an epoch of a phase was told; it is not yet saved then."""

    def __init__(self, phase: str, epoch: int) -> None:
        self.at = (phase, epoch)

    def on_epoch_end(self, record) -> None:
        if (record["phase"], record["epoch"]) == self.at:
            raise Killed


@needs_tensorboard
def test_events_are_those_of_the_log(tiny, small, tmp_path):
    settings = small(log="tensorboard", instances=2, scoring="shortlist", validation_fraction=0.2)
    run_benchmark(tiny, tmp_path / "run", settings=settings)
    assert_same(tmp_path / "run")
    names = {path.name for path in (tmp_path / "run" / "tensorboard").iterdir()}
    phases = {f"{name}-{n}-of-2" for n in (1, 2) for name in ("surrogate", "shortlister", "ranker")}
    assert names == phases | {"result"}
    found = read(tmp_path / "run" / "tensorboard" / "ranker-1-of-2")
    assert [step for step, _ in found["train/learning_rate"]] == [1, 2, 3]
    rates = [rate for _, rate in found["train/learning_rate"]]
    assert rates == sorted(rates, reverse=True) and rates[0] < settings.learning_rate and rates[-1] > 0
    assert {"train/loss", "train/seconds", "validation/P@1", "validation/PSP@5", "validation/score"} <= set(found)


@needs_tensorboard
def test_a_resumed_run_has_every_epoch_once(tiny, small, tmp_path):
    settings, out = small(log="tensorboard", scoring="shortlist"), tmp_path / "run"
    for at in (("surrogate", 1), ("surrogate", 2), ("ranker", 2), ("ranker", 2)):
        with pytest.raises(Killed):
            run_benchmark(tiny, out, settings=settings, resume=True, callbacks=[KillAt(*at)])
    run_benchmark(tiny, out, settings=settings, resume=True)
    assert_same(out)
    assert [step for step, _ in read(out / "tensorboard" / "ranker")["train/loss"]] == [1, 2, 3]


@needs_tensorboard
def test_what_is_logged_may_change_when_a_run_goes_on(tiny, small, tmp_path, monkeypatch):
    save, out = CheckpointStore.save, tmp_path / "run"

    def save_and_die(store, tensors, meta):
        save(store, tensors, meta)
        if meta["phase"]["epoch"] == 2:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(CheckpointStore, "save", save_and_die)
        run_benchmark(tiny, out, settings=small())
    metrics = run_benchmark(tiny, out, settings=small(log="tensorboard"), resume=True)
    assert_same(out)
    assert "log" not in metrics["settings"]


@needs_tensorboard
def test_a_new_run_drops_what_an_old_one_left(tiny, small, tmp_path):
    run_benchmark(tiny, tmp_path, settings=small(log="tensorboard", instances=2))
    run_benchmark(tiny, tmp_path, settings=small(log="tensorboard"))
    assert {path.name for path in (tmp_path / "tensorboard").iterdir()} == {"ranker", "result"}
    assert_same(tmp_path)
    run_benchmark(tiny, tmp_path, settings=small())
    assert not (tmp_path / "tensorboard").exists()


def test_without_tensorboard(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match=r"pip install 'xcgraph\[tensorboard\]'"):
        TensorBoardLog(tmp_path / "events", JsonLog(tmp_path / "log.jsonl"))
    assert not (tmp_path / "events").exists()
