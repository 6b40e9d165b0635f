from __future__ import annotations

import json

import pytest
import torch

from xcgraph.training.callbacks import Callback, JsonLog
from xcgraph.training.trainer import Trainer


class CountingPhase:
    """Its only weight is the number of the epoch; stands for a Phase."""

    def __init__(self) -> None:
        self.model = torch.nn.Linear(1, 1, bias=False)
        self.label, self.num_documents, self.epoch, self.seconds = "p", 10, 0, 0.0
        self.learning_rate = 0.25
        self.trained: list[int] = []

    def train_epoch(self, on_step) -> float:
        on_step(10, torch.tensor(10.0))
        self.epoch += 1
        self.seconds += 1.0
        self.trained.append(self.epoch)
        with torch.no_grad():
            self.model.weight.fill_(float(self.epoch))
        return 1.0 / self.epoch

    def state(self):
        return (
            {"model.weight": self.model.weight.detach(), "optimizer0.0.step": torch.tensor(self.epoch)},
            {"epoch": self.epoch, "seconds": self.seconds},
        )

    def load_state(self, tensors, meta) -> None:
        self.model.load_state_dict({"weight": tensors["model.weight"]})
        self.epoch, self.seconds = meta["epoch"], meta["seconds"]


class Events(Callback):
    def __init__(self) -> None:
        self.seen: list[tuple] = []

    def on_phase_start(self, phase, epochs, documents, epoch):
        self.seen.append(("start", phase, epochs, documents, epoch))

    def on_step(self, done, loss):
        assert isinstance(loss, torch.Tensor)  # a number would wait for the device
        self.seen.append(("step", done, float(loss)))

    def on_epoch_end(self, record):
        self.seen.append(("epoch", record["epoch"]))
        self.record = record

    def on_phase_end(self, phase):
        self.seen.append(("end", phase))


def scores(*values: float):
    """A validator that gives one score after another; the ranker is the weight of now."""
    return lambda ranker: {"P@1": ranker, "score": values[int(ranker) - 1]}


def fit(phase, epochs, folder=None, validator=None, patience=2, callbacks=()):
    trainer = Trainer(folder, callbacks, validator, patience)
    return trainer.fit(phase, epochs, lambda: float(phase.model.weight.item()))


def test_without_validation_the_last_epoch_stays():
    phase = CountingPhase()
    assert fit(phase, 3) == {"epochs": 3, "best_epoch": 3, "best": {}, "seconds": 3.0}
    assert phase.model.weight.item() == 3


def test_the_best_epoch_stays():
    phase = CountingPhase()
    result = fit(phase, 4, validator=scores(1.0, 5.0, 4.0, 4.9))
    assert result["epochs"] == 4 and result["best_epoch"] == 2
    assert result["best"] == {"P@1": 2.0, "score": 5.0}
    assert phase.model.weight.item() == 2


def test_early_stopping():
    phase = CountingPhase()
    result = fit(phase, 100, validator=scores(1.0, 5.0, 4.0, 5.0, 6.0))
    assert result["epochs"] == 4 and result["best_epoch"] == 2  # two epochs that are no better, ties included
    assert phase.model.weight.item() == 2
    phase = CountingPhase()
    assert fit(phase, 5, validator=scores(1.0, 5.0, 4.0, 6.0, 1.0))["best_epoch"] == 4
    phase = CountingPhase()
    assert fit(phase, 5, validator=scores(0.0, 0.0, 0.0, 0.0, 0.0))["best_epoch"] == 1


def test_no_validator_no_ranker():
    phase = CountingPhase()
    result = Trainer(validator=scores(1.0)).fit(phase, 2)  # nothing makes a ranker: nothing to validate
    assert result["best"] == {} and result["epochs"] == 2


def test_what_callbacks_are_told():
    phase, events = CountingPhase(), Events()
    fit(phase, 2, validator=scores(3.0, 4.0), callbacks=[events])
    assert events.seen == [
        ("start", "p", 2, 10, 0),
        ("step", 10, 1.0),
        ("epoch", 1),
        ("step", 10, 1.0),
        ("epoch", 2),
        ("end", "p"),
    ]
    record = {k: v for k, v in events.record.items() if k != "seconds"}
    expected = {"phase": "p", "epoch": 2, "loss": 0.5, "learning_rate": 0.25, "P@1": 2.0, "score": 4.0}
    assert record == expected
    assert 2.0 <= events.record["seconds"] < 3.0
    json.dumps(events.record)


def test_a_finished_phase_is_not_trained_again(tmp_path):
    first = CountingPhase()
    expected = fit(first, 4, tmp_path, scores(1.0, 5.0, 4.0, 4.9))
    second, events = CountingPhase(), Events()
    assert fit(second, 4, tmp_path, scores(), callbacks=[events]) == expected
    assert second.trained == [] and second.model.weight.item() == 2
    assert events.seen == [("start", "p", 4, 10, 4), ("end", "p")]
    tensors = next(tmp_path.rglob("*.safetensors"))
    assert tensors.stat().st_size < 200  # nothing but the model is kept


class Killed(Callback):
    """Raises at the n-th call."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def _count(self, *args) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt

    on_phase_start = on_step = on_epoch_end = on_phase_end = _count


@pytest.mark.parametrize("calls", range(1, 13))
@pytest.mark.parametrize("where", [[0], [0, 1]])  # before the log, and after it
@pytest.mark.parametrize("values", [None, (1.0, 5.0, 4.0, 4.9, 4.8)])
def test_killed_and_resumed(tmp_path, calls, where, values):
    validator = None if values is None else scores(*values)
    whole = CountingPhase()
    expected = fit(whole, 5, None, validator, patience=3)

    path = tmp_path / "log.jsonl"
    callbacks: list[Callback] = [JsonLog(path)]
    callbacks.insert(where[-1], Killed(calls))
    with pytest.raises(KeyboardInterrupt):
        fit(CountingPhase(), 5, tmp_path / "state", validator, 3, callbacks)
    phase = CountingPhase()
    result = fit(phase, 5, tmp_path / "state", validator, 3, [JsonLog(path, resume=True)])
    del result["seconds"], expected["seconds"]
    assert result == expected and phase.model.weight.item() == whole.model.weight.item()
    logged = [json.loads(line)["epoch"] for line in path.read_text().splitlines()]
    assert logged == [1, 2, 3, 4, 5]


def test_killed_while_saving(tmp_path, monkeypatch):
    path, phase = tmp_path / "log.jsonl", CountingPhase()
    trainer = Trainer(tmp_path / "state", [JsonLog(path)])
    save = trainer.store.save

    def die(tensors, meta):
        if meta["phase"]["epoch"] == 3:
            raise KeyboardInterrupt
        save(tensors, meta)

    monkeypatch.setattr(trainer.store, "save", die)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(phase, 5)
    phase = CountingPhase()
    fit(phase, 5, tmp_path / "state", callbacks=[JsonLog(path, resume=True)])
    assert phase.trained == [3, 4, 5]
    assert [json.loads(line)["epoch"] for line in path.read_text().splitlines()] == [1, 2, 3, 4, 5]
