"""The same weighted edges in every form that a layer should take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch_geometric import EdgeIndex

from xcgraph.sparse import CSR
from xcgraph.typing import torch_sparse_support


def adjacency_forms(
    edge_index: Tensor, edge_weight: Tensor, num_dst: int, num_src: int, seed: int = 0
) -> dict[str, tuple[Any, Tensor | None]]:
    """Pairs ``(adjacency, edge_weight)`` that mean the same, by name; sparse ones carry their weights.

    Args:
        edge_index: shape ``[2, E]``, without repeats.
        edge_weight: shape ``[E]``.
        num_dst: number of targets.
        num_src: number of sources.
        seed: for the order of the shuffled form.

    Returns:
        ``shuffled``, ``sorted``, ``edge_index_csc`` and ``edge_index_csr`` (``EdgeIndex`` sorted by target and by
        source), ``edge_index_unsorted``, ``csr`` (ours), ``torch_csr``, ``torch_coo``, and ``sparse_tensor`` where
        torch-sparse is installed.
    """
    generator = torch.Generator().manual_seed(seed)
    perm = torch.randperm(edge_index.size(1), generator=generator).to(edge_index.device)
    by_dst = torch.argsort(edge_index[1], stable=True)
    by_src = torch.argsort(edge_index[0], stable=True)
    shape = (num_src, num_dst)
    csr = CSR.from_edge_index(edge_index, edge_weight, (num_dst, num_src))
    forms: dict[str, tuple[Any, Tensor | None]] = {
        "shuffled": (edge_index[:, perm], edge_weight[perm]),
        "sorted": (edge_index[:, by_dst], edge_weight[by_dst]),
        "edge_index_csc": (
            EdgeIndex(edge_index[:, by_dst], sparse_size=shape, sort_order="col"),
            edge_weight[by_dst],
        ),
        "edge_index_csr": (
            EdgeIndex(edge_index[:, by_src], sparse_size=shape, sort_order="row"),
            edge_weight[by_src],
        ),
        "edge_index_unsorted": (EdgeIndex(edge_index[:, perm], sparse_size=shape), edge_weight[perm]),
        "csr": (csr, None),
        "torch_csr": (csr.to_torch(), None),
        "torch_coo": (
            torch.sparse_coo_tensor(edge_index.flip(0), edge_weight, (num_dst, num_src), check_invariants=False),
            None,
        ),
    }
    if torch_sparse_support() != "none":
        from torch_sparse import SparseTensor

        forms["sparse_tensor"] = (
            SparseTensor(row=edge_index[1], col=edge_index[0], value=edge_weight, sparse_sizes=(num_dst, num_src)),
            None,
        )
    return forms


def assert_same_for_all_adjacencies(
    layer: Callable[[Any, Tensor | None], Tensor],
    expected: Tensor,
    edge_index: Tensor,
    edge_weight: Tensor,
    num_dst: int,
    num_src: int,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Asserts that ``layer(adjacency, edge_weight)`` gives ``expected`` for each of :func:`adjacency_forms`.

    Raises:
        AssertionError: naming the form that differs.
    """
    for name, (adjacency, weight) in adjacency_forms(edge_index, edge_weight, num_dst, num_src).items():
        try:
            torch.testing.assert_close(layer(adjacency, weight), expected, rtol=rtol, atol=atol)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from None
