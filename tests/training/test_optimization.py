from __future__ import annotations

import pytest
import torch

from xcgraph.models import DECAF, ECLARE
from xcgraph.training.optimization import cosine_schedule, halving_schedule, make_optimizers
from xcgraph.training.row_adam import RowAdam


def by_epoch(interval: int, epochs: int, steps: int = 7) -> list[float]:
    schedule = halving_schedule(steps, interval)
    factors = [{schedule(epoch * steps + step) for step in range(steps)} for epoch in range(epochs)]
    assert all(len(epoch) == 1 for epoch in factors)  # constant within an epoch
    return [epoch.pop() for epoch in factors]


def test_halving_as_in_the_papers():
    # 20 epochs with step 10: half at epoch 10, a quarter at 15; 10 epochs with step 5: half at 5.
    assert by_epoch(10, 20) == [1.0] * 10 + [0.5] * 5 + [0.25] * 5
    assert by_epoch(5, 10) == [1.0] * 5 + [0.5] * 5
    # After the first step the interval is max(5, interval // 2).
    assert by_epoch(20, 41) == [1.0] * 20 + [0.5] * 10 + [0.25] * 10 + [0.125]
    assert by_epoch(1, 7) == [1.0] + [0.5] * 5 + [0.25]


def test_halving_without_steps():
    assert halving_schedule(0, 5)(0) == 1.0


@pytest.mark.parametrize("warmup", [0.0, 0.1, 1.0])
def test_cosine(warmup):
    schedule = cosine_schedule(100, warmup)
    factors = [schedule(step) for step in range(100)]
    assert max(factors) == 1.0 and all(0 < factor <= 1 for factor in factors)
    rise = max(1, round(100 * warmup))
    assert factors[:rise] == pytest.approx([(step + 1) / rise for step in range(rise)])
    assert factors[rise:] == sorted(factors[rise:], reverse=True)
    if warmup < 1:
        middle = rise + (100 - rise) // 2
        assert schedule(middle) == pytest.approx(0.5, abs=0.02)
        assert factors[-1] < 0.001 and schedule(100) == pytest.approx(0) and schedule(500) == pytest.approx(0)


def test_cosine_of_one_step():
    assert cosine_schedule(1, 0.05)(0) == 1.0
    assert cosine_schedule(0, 0.05)(0) == 1.0


def names(model, optimizer):
    ids = {id(p): name for name, p in model.named_parameters()}
    return {ids[id(p)] for group in optimizer.param_groups for p in group["params"]}


@pytest.mark.parametrize("tokens", [False, True])
@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("freeze", [False, True])
def test_every_parameter_has_one_optimizer(tokens, labels, freeze):
    model = ECLARE(9, 7, 4, sparse_tokens=tokens, sparse_labels=labels)
    dense, *rest = make_optimizers(model, 0.01, freeze)
    tables = set()
    if tokens and not freeze:
        tables.add("embedding.weight")
    if labels:
        tables |= {"classifier.weight", "classifier.bias"}
    everything = {name for name, _ in model.named_parameters()}
    frozen = {"embedding.weight"} if freeze else set()
    assert names(model, dense) == everything - tables - frozen
    assert len(rest) == bool(tables)
    if rest:
        assert rest[0].second_moment == "number" and names(model, rest[0]) == tables
    assert model.embedding.weight.requires_grad is not freeze
    assert {group["lr"] for optimizer in (dense, *rest) for group in optimizer.param_groups} == {0.01}
    assert dense.param_groups[0]["weight_decay"] == 0 and dense.param_groups[0]["betas"] == (0.9, 0.999)


@pytest.mark.parametrize("combine, frozen", [("gate", 2), ("attention", 0)])
def test_offsets_of_all_labels_can_be_frozen(combine, frozen):
    model = ECLARE(9, 7, 4, combine=combine)
    everything = {name for name, _ in model.named_parameters()}
    (dense,) = make_optimizers(model, 0.01, freeze_offsets=True)
    without = everything - names(model, dense)
    # Attention sees them, so that they are more than an offset.
    assert len(without) == frozen and all("label_blocks" in name and name.endswith("bias") for name in without)
    assert names(model, *make_optimizers(model, 0.01)) == everything


def test_model_without_tables_of_its_own():
    model = DECAF(9, 7, 4, refinement=False, bias=False, sparse_labels=True)
    assert len(make_optimizers(model, 0.01)) == 1


def test_rowwise_state_of_sparse_tables():
    model = ECLARE(9, 7, 4, sparse_tokens=True, sparse_labels=True)
    dense, sparse = make_optimizers(model, 0.01, state="rowwise")
    assert isinstance(sparse, RowAdam) and sparse.second_moment == "row" and type(dense) is torch.optim.Adam
    assert names(model, sparse) == {"embedding.weight", "classifier.weight", "classifier.bias"}
