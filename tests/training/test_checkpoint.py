from __future__ import annotations

import json
import os

import pytest
import torch

from xcgraph.training.checkpoint import CheckpointStore, load_optimizer_tensors, optimizer_tensors
from xcgraph.training.row_adam import RowAdam


def test_round_trip(tmp_path):
    store = CheckpointStore(tmp_path / "deep" / "store")
    assert store.load() is None
    base = torch.arange(12.0).view(3, 4)
    tensors = {"a": base[:, 1], "b": base, "step": torch.tensor(3), "empty": torch.empty(0, 4)}
    store.save(tensors, {"epoch": 2, "best": {"P@1": 0.1}})
    loaded, meta = store.load()
    assert meta == {"epoch": 2, "best": {"P@1": 0.1}} and set(loaded) == set(tensors)
    assert all(
        torch.equal(loaded[name], value) and loaded[name].dtype == value.dtype for name, value in tensors.items()
    )
    assert {path.name for path in store.folder.rglob("*") if path.is_file()} == {
        "tensors.safetensors",
        "meta.json",
    }


def test_the_newest_stays_alone(tmp_path):
    store = CheckpointStore(tmp_path)
    for epoch in range(12):
        store.save({"x": torch.tensor([float(epoch)])}, {"epoch": epoch})
        assert len(list(tmp_path.iterdir())) == 1
    tensors, meta = CheckpointStore(tmp_path).load()
    assert meta == {"epoch": 11} and tensors["x"].item() == 11
    store.clear()
    assert store.load() is None and not tmp_path.exists()


def test_unfinished_states_are_ignored(tmp_path):
    store = CheckpointStore(tmp_path)
    store.save({"x": torch.ones(1)}, {"epoch": 1})
    # What a process killed while it wrote leaves behind.
    for number, content in enumerate([{}, {"tensors.safetensors": b"half"}], 1):
        unfinished = tmp_path / f"state-{number:08d}.tmp"
        unfinished.mkdir()
        for name, data in content.items():
            (unfinished / name).write_bytes(data)
    assert store.load()[1] == {"epoch": 1}
    store.save({"x": torch.ones(1)}, {"epoch": 2})
    assert store.load()[1] == {"epoch": 2}


def test_of_two_states_the_newest_counts(tmp_path):
    # A process killed after the new state was complete and before the old one was gone.
    store = CheckpointStore(tmp_path)
    store.save({"x": torch.zeros(1)}, {"epoch": 1})
    (old,) = tmp_path.iterdir()
    other = CheckpointStore(tmp_path / "other")
    other.save({"x": torch.ones(1)}, {"epoch": 2})
    os.rename(tmp_path / "other" / "state-00000000", tmp_path / "state-00000010")
    (tmp_path / "other").rmdir()
    (old / "tensors.safetensors").unlink()  # it was being deleted
    assert store.load()[1] == {"epoch": 2}
    store.save({"x": torch.ones(1)}, {"epoch": 3})
    assert [path.name for path in tmp_path.iterdir()] == ["state-00000011"]


@pytest.mark.parametrize("moment", ["save_file", "rename"])
def test_killed_while_saving(tmp_path, monkeypatch, moment):
    store = CheckpointStore(tmp_path)
    store.save({"x": torch.zeros(1)}, {"epoch": 1})

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        target = "xcgraph.training.checkpoint.save_file" if moment == "save_file" else "os.rename"
        patch.setattr(target, die)
        with pytest.raises(KeyboardInterrupt):
            store.save({"x": torch.ones(1)}, {"epoch": 2})
    tensors, meta = store.load()
    assert meta == {"epoch": 1} and tensors["x"].item() == 0
    store.save({"x": torch.ones(1)}, {"epoch": 2})
    assert store.load()[1] == {"epoch": 2} and len(list(tmp_path.iterdir())) == 1


def test_nothing_is_pickled(tmp_path):
    CheckpointStore(tmp_path).save({"x": torch.zeros(1)}, {"epoch": 1})
    (state,) = tmp_path.iterdir()
    assert json.loads((state / "meta.json").read_text()) == {"epoch": 1}
    assert {path.suffix for path in state.iterdir()} == {".json", ".safetensors"}


def make(sparse: bool):
    """A parameter tuple, its optimisers, and a step that draws its own gradient."""
    torch.manual_seed(1)
    dense = torch.nn.Linear(3, 2)
    table = torch.nn.Embedding(6, 3, sparse=sparse)
    idle = torch.nn.Parameter(torch.zeros(2))  # never gets a gradient
    optimizers: list[torch.optim.Optimizer] = [torch.optim.Adam([idle, *dense.parameters()], lr=0.1, fused=True)]
    kind = RowAdam if sparse else torch.optim.Adam
    optimizers.append(kind(table.parameters(), lr=0.1))

    def step(number: int) -> None:
        torch.manual_seed(100 + number)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss = dense(table(torch.randint(6, (4,)))).square().sum() + torch.randn(()) * dense.weight.sum()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()

    parameters = {"idle": idle, "table": table.weight, **dict(dense.named_parameters())}
    return parameters, optimizers, step


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("k", [0, 1, 3])
def test_optimizers_go_on(tmp_path, sparse, k):
    whole, _, step = make(sparse)
    for number in range(6):
        step(number)

    first, optimizers, step = make(sparse)
    for number in range(k):
        step(number)
    tensors = {f"p.{name}": value for name, value in first.items()}
    for number, optimizer in enumerate(optimizers):
        tensors |= optimizer_tensors(optimizer, f"o{number}")
    CheckpointStore(tmp_path).save(tensors, {})

    second, optimizers, step = make(sparse)
    loaded, _ = CheckpointStore(tmp_path).load()
    with torch.no_grad():
        for name, value in second.items():
            value.copy_(loaded[f"p.{name}"])
    for number, optimizer in enumerate(optimizers):
        load_optimizer_tensors(optimizer, f"o{number}", loaded)
    for number in range(k, 6):
        step(number)
    for name, value in second.items():
        assert torch.equal(value, whole[name]), name


def test_prefixes_do_not_mix():
    # Parameter 1 and parameters 10 to 12: "o.1." is no prefix of "o.10.".
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(13)]
    optimizer = torch.optim.Adam(parameters, lr=0.1)
    for number, parameter in enumerate(parameters):
        parameter.grad = torch.full((1,), float(number + 1))
    optimizer.step()
    tensors = optimizer_tensors(optimizer, "o")
    other = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1)) for _ in range(13)], lr=0.1)
    load_optimizer_tensors(other, "o", tensors)
    for number, parameter in enumerate(other.param_groups[0]["params"]):
        assert other.state[parameter]["exp_avg"].item() == pytest.approx(0.1 * (number + 1))
