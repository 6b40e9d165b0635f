"""Propagation over the whole graph, a chunk of nodes at a time."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch_geometric.typing import OptTensor

from xcgraph.sparse import CSR


class LayerwiseInference:
    """Computes ``[u, G u, ..., G^k u]`` of every label exactly, without a batch larger than a chunk.

    Hop by hop and chunk by chunk: the rows that a chunk of labels hears from are gathered from the hop before, and
    summed with the edge weights, as :class:`xcgraph.layers.GALE` does at once (``GALE.propagate_hops``). Besides
    the graph and the output, memory holds the edges of one chunk and the rows they name.

    Args:
        edge_index: shape ``[2, E]``, in any order; sorted by target, it is not copied in another order.
        edge_weight: shape ``[E]``, or ``None`` for ones.
        num_nodes: L.
        chunk_size: labels at a time.
        device: where chunks are computed; that of ``edge_index`` if not given.

    Raises:
        ValueError: a bad ``edge_index`` or ``edge_weight``, or a chunk size below 1.
    """

    def __init__(
        self,
        edge_index: Tensor,
        edge_weight: OptTensor,
        num_nodes: int,
        chunk_size: int = 1 << 16,
        device: torch.device | str | None = None,
    ) -> None:
        if chunk_size < 1:
            raise ValueError(f"expected 'chunk_size' of at least 1, got {chunk_size}")
        if edge_weight is not None and edge_weight.shape != edge_index.shape[1:]:
            raise ValueError(
                f"expected 'edge_weight' of shape {list(edge_index.shape[1:])}, got {list(edge_weight.shape)}"
            )
        self.csr = CSR.from_edge_index(edge_index, edge_weight, (num_nodes, num_nodes))
        self.chunk_size = chunk_size
        self.device = torch.device(device) if device is not None else self.csr.device

    @torch.no_grad()
    def propagate(
        self,
        x: Tensor | Callable[[Tensor], Tensor],
        num_hops: int = 1,
        out: str | os.PathLike[str] | None = None,
    ) -> Tensor:
        """All hops of all labels.

        Args:
            x: raw embeddings of shape ``[L, D]``, in memory or memory-mapped; or a function from ids ``[n]`` (on
                the device of the chunks) to their embeddings ``[n, D]``, such as
                ``lambda i: bag(store.select("x", i))``.
            num_hops: k.
            out: an ``.npy`` file to write to; ``None`` for memory. It appears when it is complete.

        Returns:
            Shape ``[L, k + 1, D]``, on the CPU; a view of the file, if there is one. ``GALE.forward_hops`` takes
            any rows of it.

        Raises:
            ValueError: ``num_hops`` is negative, or ``x`` has other than L rows.
        """
        if num_hops < 0:
            raise ValueError(f"expected 'num_hops' of at least 0, got {num_hops}")
        num_nodes = self.csr.shape[0]
        if isinstance(x, Tensor) and (x.dim() != 2 or x.size(0) != num_nodes):
            raise ValueError(f"expected 'x' of shape [{num_nodes}, D], got {list(x.shape)}")
        embed = (lambda index: x[index.to(x.device)]) if isinstance(x, Tensor) else x
        first = embed(torch.arange(min(1, num_nodes), device=self.device))
        shape = (num_nodes, num_hops + 1, first.size(1))
        if out is None:
            hops = torch.empty(shape, dtype=first.dtype)
            self._fill(hops, embed)
            return hops
        path = Path(out)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
        dtype = torch.empty(0, dtype=first.dtype).numpy().dtype
        try:
            array = np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape)
            hops = torch.from_numpy(array)
            self._fill(hops, embed)
            array.flush()
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return hops

    def _fill(self, hops: Tensor, embed: Callable[[Tensor], Tensor]) -> None:
        for start in range(0, hops.size(0), self.chunk_size):
            stop = min(start + self.chunk_size, hops.size(0))
            hops[start:stop, 0] = embed(torch.arange(start, stop, device=self.device)).cpu()
        for h in range(1, hops.size(1)):
            for start in range(0, hops.size(0), self.chunk_size):
                stop = min(start + self.chunk_size, hops.size(0))
                hops[start:stop, h] = self._hop(hops[:, h - 1], start, stop).cpu()

    def _hop(self, before: Tensor, start: int, stop: int) -> Tensor:
        """One hop into the labels ``start`` to ``stop``, from all labels' rows of the hop before."""
        rowptr = self.csr.rowptr[start : stop + 1]
        entries = slice(int(rowptr[0]), int(rowptr[-1]))
        source, local = torch.unique(self.csr.col[entries], return_inverse=True)
        rows = before.index_select(0, source.cpu()).to(self.device)
        chunk = CSR(rowptr - rowptr[0], local, self.csr.value[entries], (stop - start, source.numel()))
        return chunk.to(self.device).matmul(rows)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.csr}, chunk_size={self.chunk_size})"
