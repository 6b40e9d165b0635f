from __future__ import annotations

import pytest
import torch

from xcgraph.training.checkpoint import load_optimizer_tensors, optimizer_tensors
from xcgraph.training.row_adam import RowAdam


def dense_oracle(table, grads, lr, by_row, betas=(0.9, 0.999), eps=1e-8):
    """Row by row; ``grads`` a step: ``{row: gradient [D]}``."""
    table = table.double().clone()
    first, second = torch.zeros_like(table), torch.zeros_like(table)
    for t, grad in enumerate(grads, 1):
        for row, g in grad.items():
            g = g.double()
            first[row] = betas[0] * first[row] + (1 - betas[0]) * g
            second[row] = betas[1] * second[row] + (1 - betas[1]) * ((g * g).mean() if by_row else g * g)
            m, v = first[row] / (1 - betas[0] ** t), second[row] / (1 - betas[1] ** t)
            table[row] -= lr * m / (v**0.5 + eps)
    return table.float()


def sparse(grad, shape):
    rows = torch.tensor(list(grad))
    return torch.sparse_coo_tensor(rows.unsqueeze(0), torch.stack(list(grad.values())), shape)


def some_grads(steps=6, rows=5, dim=3):
    return [
        {int(row): torch.randn(dim) * 10 ** float(torch.randn(())) for row in torch.randperm(rows)[: 1 + t % rows]}
        for t in range(steps)
    ]


def train(table, optimizer, grads):
    for grad in grads:
        table.grad = sparse(grad, table.shape).to(table.device)
        optimizer.step()


@pytest.mark.parametrize("second_moment", ["number", "row"])
def test_against_a_dense_oracle(second_moment, device):
    start, grads = torch.randn(5, 3), some_grads()
    table = torch.nn.Parameter(start.to(device, copy=True))
    train(table, RowAdam([table], lr=0.1, second_moment=second_moment), grads)
    torch.testing.assert_close(table.detach().cpu(), dense_oracle(start, grads, 0.1, second_moment == "row"))


def test_a_moment_a_number_is_sparse_adam():
    start, grads = torch.randn(6, 3), some_grads(rows=6)
    tables = [torch.nn.Parameter(start.clone()) for _ in range(2)]
    train(tables[0], RowAdam([tables[0]], lr=0.1), grads)
    train(tables[1], torch.optim.SparseAdam([tables[1]], lr=0.1), grads)
    torch.testing.assert_close(tables[0], tables[1])


def test_repeated_rows_are_added_up():
    table = torch.nn.Parameter(torch.zeros(3, 2))
    rows, values = torch.tensor([[1, 1]]), torch.tensor([[1.0, 2.0], [3.0, -2.0]])
    table.grad = torch.sparse_coo_tensor(rows, values, table.shape)
    RowAdam([table], lr=0.1).step()
    torch.testing.assert_close(
        table.detach(), dense_oracle(torch.zeros(3, 2), [{1: torch.tensor([4.0, 0.0])}], 0.1, False)
    )


@pytest.mark.parametrize(
    ("second_moment", "shapes"),
    [("number", {"exp_avg": (5, 3), "exp_avg_sq": (5, 3)}), ("row", {"exp_avg": (5, 3), "row_avg_sq": (5,)})],
)
def test_the_state_is_two_moments_and_can_be_stored(second_moment, shapes):
    start, grads = torch.randn(5, 3), some_grads()
    table = torch.nn.Parameter(start.clone())
    optimizer = RowAdam([table], lr=0.1, second_moment=second_moment)
    train(table, optimizer, grads[:3])
    assert {k: v.shape for k, v in optimizer.state[table].items() if k != "step"} == shapes
    tensors = {k: v.clone() for k, v in optimizer_tensors(optimizer, "o").items()}
    later = torch.nn.Parameter(table.detach().clone())
    again = RowAdam([later], lr=0.1, second_moment=second_moment)
    load_optimizer_tensors(again, "o", tensors)
    for own, other in ((table, optimizer), (later, again)):
        train(own, other, grads[3:])
    assert torch.equal(table, later)


def test_dense_gradients_are_refused():
    table = torch.nn.Parameter(torch.zeros(3, 2))
    table.grad = torch.ones(3, 2)
    with pytest.raises(ValueError, match="expected a sparse gradient"):
        RowAdam([table]).step()


def test_an_unknown_second_moment_is_refused():
    with pytest.raises(ValueError, match="expected 'second_moment' to be one of"):
        RowAdam([torch.nn.Parameter(torch.zeros(3, 2))], second_moment="block")
