"""A run that is killed, at whatever moment, and resumed gives what it would have given."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from scipy.sparse import load_npz

from xcgraph.testing import tiny_dataset
from xcgraph.training import run, run_benchmark
from xcgraph.training.callbacks import Callback
from xcgraph.training.checkpoint import CheckpointStore

UNSTABLE = {"train_seconds", "peak_rss_mb", "predict_ms_batch", "command"}
CASES = [
    ("eclare", "default", {"scoring": "all", "instances": 2, "fusion": True}),
    ("eclare", "default", {"scoring": "shortlist"}),
    ("eclare", "paper", {}),
    ("decaf", "default", {"scoring": "all"}),
    ("decaf", "default", {"scoring": "shortlist"}),
    ("decaf", "paper", {}),
]


class Killed(BaseException):
    """Nothing may catch it, as nothing can catch SIGKILL."""


class KillAt(Callback):
    """Raises at the n-th event of a run; counts events until then."""

    def __init__(self, number: float = float("inf")) -> None:
        self.number, self.count = number, 0

    def _event(self, *args) -> None:
        self.count += 1
        if self.count == self.number:
            raise Killed

    on_run_start = on_phase_start = on_step = on_epoch_end = on_phase_end = on_message = on_run_end = _event


class Case:
    """One recipe on tiny data, uninterrupted once for comparison."""

    def __init__(self, small, root, model, recipe, changes) -> None:
        self.data, self.root = tiny_dataset(), root
        self.options = {"model": model, "recipe": recipe, "settings": small(model, recipe, **changes), "seed": 3}
        counter = KillAt()
        self.run("whole", callbacks=[counter])
        self.events, self.expected = counter.count, self.outcome("whole")

    def run(self, name, **options):
        return run_benchmark(self.data, self.root / name, **{**self.options, **options})

    def outcome(self, name):
        out = self.root / name
        metrics = json.loads((out / "metrics.json").read_text())
        metrics = {k: v for k, v in metrics.items() if k not in UNSTABLE}
        metrics["phases"] = {
            name: {k: v for k, v in phase.items() if k != "seconds"} for name, phase in metrics["phases"].items()
        }
        log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        log = [{k: v for k, v in record.items() if k != "seconds"} for record in log]
        matrix = load_npz(out / "predictions.npz")
        files = {str(path.relative_to(out)) for path in out.rglob("*")}
        return metrics, log, (matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()), files

    def assert_same(self, name) -> None:
        for got, expected in zip(self.outcome(name), self.expected, strict=True):
            assert got == expected


@pytest.fixture(scope="module")
def case(small, tmp_path_factory):
    """Several phases, clusters, shortlists and validation."""
    return Case(small, tmp_path_factory.mktemp("resume"), *CASES[1])


@pytest.mark.parametrize("which", CASES, ids=lambda c: "-".join((*c[:2], *map(str, c[2].values()))))
def test_killed_at_any_event(small, tmp_path, which):
    case = Case(small, tmp_path, *which)
    for turn, number in enumerate(np.linspace(1, case.events, 4).round().astype(int)):
        name = f"event-{number}"
        with pytest.raises(Killed):
            case.run(name, callbacks=[KillAt(number)])
        assert not (case.root / name / "metrics.json").exists()
        if turn % 2:  # killed again, a few steps later, unless it ends before
            with contextlib.suppress(Killed):
                case.run(name, resume=True, callbacks=[KillAt(4)])
        case.run(name, resume=True)
        case.assert_same(name)


@pytest.mark.parametrize("moment", ["before the state", "within the state", "after the state"])
def test_killed_while_a_state_is_saved(case, monkeypatch, moment):
    name, saved, save = moment, [], CheckpointStore.save

    def dying_save(store, tensors, meta):
        saved.append(meta["phase"]["epoch"])
        if len(saved) == 2:
            if moment == "within the state":
                store.folder.mkdir(parents=True, exist_ok=True)
                (store.folder / "state-00000009.tmp").mkdir()
                (store.folder / "state-00000009.tmp" / "tensors.safetensors").write_bytes(b"half")
            if moment == "after the state":
                save(store, tensors, meta)
            raise Killed
        save(store, tensors, meta)

    with monkeypatch.context() as patch:
        patch.setattr(CheckpointStore, "save", dying_save)
        with pytest.raises(Killed):
            case.run(name)
    case.run(name, resume=True)
    case.assert_same(name)


@pytest.mark.parametrize("function", ["_predict", "save_predictions", "save_model", "write_json"])
def test_killed_while_the_results_are_written(case, monkeypatch, function):
    original, name = getattr(run, function), function

    def dying(*args, **kwargs):
        if function == "write_json" and args[0].name != "metrics.json":
            return original(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(run, function, dying)
        with pytest.raises(Killed):
            case.run(name)
    half = case.root / name / ".model.0badcafe.tmp"  # SIGKILL gives no time to tidy up
    half.mkdir()
    (half / "member-0.safetensors").write_bytes(b"half")
    counter = KillAt()
    case.run(name, resume=True, callbacks=[counter])
    case.assert_same(name)
    assert counter.count < case.events  # nothing was trained again


def test_killed_before_the_state_is_cleared(case, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(run.shutil, "rmtree", lambda path, **kwargs: None)
        case.run("cleared")
    assert (case.root / "cleared" / "checkpoints").exists()
    case.run("cleared", resume=True)
    case.assert_same("cleared")


def test_a_finished_run_is_returned_as_it_is(case):
    before = (case.root / "whole" / "metrics.json").read_text()
    counter = KillAt()
    metrics = case.run("whole", resume=True, callbacks=[counter])
    assert counter.count == 0 and metrics == json.loads(before)
    assert (case.root / "whole" / "metrics.json").read_text() == before


def test_resuming_where_nothing_is(case):
    case.run("nothing", resume=True)
    case.assert_same("nothing")


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("changed", ["seed", "settings", "recipe", "model", "data"])
def test_other_options_are_refused(small, tmp_path, finished, changed):
    data = tiny_dataset()
    options = {"model": "eclare", "recipe": "default", "settings": small(), "seed": 0}
    if finished:
        run_benchmark(data, tmp_path, **options)
    else:
        with pytest.raises(Killed):
            run_benchmark(data, tmp_path, **options, callbacks=[KillAt(3)])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    if changed == "data":
        data = tiny_dataset(num_train=61)
    else:
        other = {"seed": 1, "settings": small(dim=9), "recipe": "paper", "model": "decaf"}
        options[changed] = other[changed]
    with pytest.raises(ValueError) as caught:
        run_benchmark(data, tmp_path, **options, resume=True)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: the run to resume differs in its {changed}")
    assert "start anew without --resume" in message and "\n" not in message
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_starting_anew_over_a_killed_run(small, tmp_path):
    data, settings = tiny_dataset(), small(scoring="shortlist")
    expected = run_benchmark(data, tmp_path / "alone", settings=small(), seed=1)
    with pytest.raises(Killed):
        run_benchmark(data, tmp_path / "run", settings=settings, callbacks=[KillAt(20)])
    metrics = run_benchmark(data, tmp_path / "run", settings=small(), seed=1)
    assert metrics["P@1"] == expected["P@1"] and metrics["nDCG@5"] == expected["nDCG@5"]
    log = [json.loads(line)["phase"] for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert set(log) == {"ranker"}


def test_killed_before_the_log_of_another_run_is_emptied(small, tmp_path, monkeypatch):
    data = tiny_dataset()
    run_benchmark(data, tmp_path, settings=small(scoring="shortlist"))

    def die(*args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(run, "JsonLog", die)
        with pytest.raises(Killed):
            run_benchmark(data, tmp_path, settings=small())
    run_benchmark(data, tmp_path, settings=small(), resume=True)
    log = [json.loads(line)["phase"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert set(log) == {"ranker"}
