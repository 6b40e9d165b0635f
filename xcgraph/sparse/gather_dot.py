"""Dot products of each row with the rows that its own index list names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .spmm import spmm


def gather_dot(x: Tensor, weight: Tensor, index: Tensor, max_elements: int = 1 << 24) -> Tensor:
    """``out[b, s] = <x[b], weight[index[b, s]]>`` without a ``[B, S, D]`` tensor, forward or backward.

    The forward pass gathers at most ``max_elements`` numbers at a time (one row of ``x`` at least); both
    gradients are sparse-dense products.

    Args:
        x: shape ``[B, D]``.
        weight: shape ``[n, D]``.
        index: shape ``[B, S]``, int64, in ``[0, n)``.
        max_elements: size limit of a gathered block.

    Returns:
        Shape ``[B, S]``.
    """
    return torch.ops.xcgraph.gather_dot(x.to(weight.dtype), weight, index, max_elements)


# A custom operator, because the compiler would otherwise unroll the loop over blocks, and autograd keep each
# block.
@torch.library.custom_op(
    "xcgraph::gather_dot",
    mutates_args=(),
    schema="(Tensor x, Tensor weight, Tensor index, int max_elements) -> Tensor",
)
def _gather_dot(x: Tensor, weight: Tensor, index: Tensor, max_elements: int) -> Tensor:
    (rows, width), dim = index.shape, x.size(1)
    out = x.new_empty(rows, width)
    step = max(1, max_elements // max(1, width * dim))
    for start in range(0, rows, step):
        block = index[start : start + step]
        gathered = weight.index_select(0, block.reshape(-1)).view(block.size(0), width, dim)
        out[start : start + step] = torch.bmm(gathered, x[start : start + step].unsqueeze(2)).squeeze(2)
    return out


@_gather_dot.register_fake
def _(x: Tensor, weight: Tensor, index: Tensor, max_elements: int) -> Tensor:
    return x.new_empty(index.shape)


def _setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:3])


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
    x, weight, index = ctx.saved_tensors
    grad_x = grad_weight = None
    if ctx.needs_input_grad[0]:
        rowptr = torch.arange(index.size(0) + 1, device=index.device) * index.size(1)
        grad_x = spmm(rowptr, index.reshape(-1), grad.reshape(-1), weight)
    if ctx.needs_input_grad[1]:
        row, order = torch.sort(index.reshape(-1), stable=True)
        rowptr = torch.searchsorted(row, torch.arange(weight.size(0) + 1, device=row.device))
        source = torch.arange(x.size(0), device=row.device).unsqueeze(1).expand_as(index).reshape(-1)
        grad_weight = spmm(rowptr, source[order], grad.reshape(-1)[order], x)
    return grad_x, grad_weight, None, None


_gather_dot.register_autograd(_backward, setup_context=_setup_context)
