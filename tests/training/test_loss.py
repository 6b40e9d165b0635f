from __future__ import annotations

import math

import pytest
import torch

from xcgraph.training.loss import label_loss

LOGIT = torch.tensor([[0.3, -2.0, 5.0], [1.0, -math.inf, 0.0]])
TARGET = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def cell(logit: float, target: float) -> float:
    p = 1 / (1 + math.exp(-logit))
    return -math.log(p if target else 1 - p)


CELLS = [[cell(0.3, 1), cell(-2, 0), cell(5, 0)], [cell(1, 0), 0.0, cell(0, 1)]]


def test_document_reduction():
    assert float(label_loss(LOGIT, TARGET, None, "document")) == pytest.approx((sum(CELLS[0]) + sum(CELLS[1])) / 2)


def test_cell_reduction_counts_real_cells_only():
    assert float(label_loss(LOGIT, TARGET, None, "cell")) == pytest.approx((sum(CELLS[0]) + sum(CELLS[1])) / 5)


def test_weights():
    weight = torch.tensor([1.0, 10.0, 0.5])
    total = sum(w * c for row in CELLS for w, c in zip(weight.tolist(), row, strict=True))
    assert float(label_loss(LOGIT, TARGET, weight, "document")) == pytest.approx(total / 2)


@pytest.mark.parametrize("reduction", ["document", "cell"])
def test_padding_costs_nothing(reduction):
    logit = LOGIT.clone().requires_grad_()
    loss = label_loss(logit, TARGET, None, reduction)
    loss.backward()
    assert logit.grad[1, 1] == 0 and torch.isfinite(logit.grad).all()
    padded = torch.nn.functional.pad(LOGIT, (0, 3), value=-math.inf)
    target = torch.nn.functional.pad(TARGET, (0, 3))
    torch.testing.assert_close(label_loss(padded, target, None, reduction), loss.detach())


@pytest.mark.parametrize("reduction", ["document", "cell"])
def test_nothing_at_all(reduction):
    assert float(label_loss(torch.full((2, 3), -math.inf), torch.zeros(2, 3), None, reduction)) == 0
    assert float(label_loss(torch.empty(0, 3), torch.empty(0, 3), None, reduction)) == 0


def test_document_reduction_does_not_depend_on_what_is_sampled():
    # One of three negatives with weight 3 against all three, alike.
    logit, target = torch.tensor([[2.0, -1.0, -1.0, -1.0]]), torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    whole = label_loss(logit, target, None, "document")
    sampled = label_loss(logit[:, :2], target[:, :2], torch.tensor([1.0, 3.0]), "document")
    torch.testing.assert_close(sampled, whole)


@pytest.mark.parametrize("loss", ["bce", "softmax"])
def test_large_logits(loss):
    logit, target = torch.tensor([[1e4, -1e4]]), torch.tensor([[0.0, 1.0]])
    assert math.isfinite(float(label_loss(logit, target, None, "document", loss)))


def test_softmax():
    target = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    total = [sum(math.exp(v) for v in row if v > -math.inf) for row in LOGIT.tolist()]
    first = -(math.log(math.exp(0.3) / total[0]) + math.log(math.exp(-2.0) / total[0])) / 2
    second = -math.log(1.0 / total[1])
    assert float(label_loss(LOGIT, target, None, loss="softmax")) == pytest.approx((first + second) / 2)
    none = torch.zeros(2, 3)
    none[0] = target[0]
    assert float(label_loss(LOGIT, none, None, loss="softmax")) == pytest.approx(first / 2)  # costs nothing


def test_softmax_of_weighted_labels():
    # A label of weight 3 stands for three equal ones.
    logit, target = torch.tensor([[2.0, -1.0, -1.0, -1.0]]), torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    whole = label_loss(logit, target, None, loss="softmax")
    sampled = label_loss(logit[:, :2], target[:, :2], torch.tensor([1.0, 3.0]), loss="softmax")
    torch.testing.assert_close(sampled, whole)


def test_softmax_with_padding():
    logit = LOGIT.clone().requires_grad_()
    label_loss(logit, TARGET, None, loss="softmax").backward()
    assert logit.grad[1, 1] == 0 and torch.isfinite(logit.grad).all()
    padded = torch.nn.functional.pad(LOGIT, (0, 3), value=-math.inf)
    torch.testing.assert_close(
        label_loss(padded, torch.nn.functional.pad(TARGET, (0, 3)), None, loss="softmax"),
        label_loss(LOGIT, TARGET, None, loss="softmax"),
    )
    assert float(label_loss(torch.full((2, 3), -math.inf), torch.zeros(2, 3), None, loss="softmax")) == 0
    assert float(label_loss(torch.empty(0, 3), torch.empty(0, 3), None, loss="softmax")) == 0


def test_softmax_of_nothing_but_padding_has_no_gradient():
    logit = torch.tensor([[-math.inf, -math.inf], [1.0, 0.0]], requires_grad=True)
    label_loss(logit, torch.tensor([[0.0, 0.0], [1.0, 0.0]]), None, loss="softmax").backward()
    assert torch.isfinite(logit.grad).all() and logit.grad[1].any()


@pytest.mark.parametrize("loss", ["bce", "softmax"])
@pytest.mark.parametrize("reduction", ["document", "cell"])
@pytest.mark.parametrize("weight", [None, torch.tensor([1.0, 2.5])])
def test_without_padding_nobody_need_look_for_it(loss, reduction, weight):
    found = []
    for padded in (True, False):
        logit = LOGIT[:, ::2].clone().requires_grad_()
        value = label_loss(logit, TARGET[:, ::2], weight, reduction, loss, padded)
        value.backward()
        found.append((value.detach(), logit.grad))
    assert found[0][0].equal(found[1][0]) and found[0][1].equal(found[1][1])
