"""Hops of all labels, a few columns of the embeddings at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from xcgraph.sparse import CSR, spmm

# Numbers of one column block of one hop (128 MB).
_MAX_BLOCK = 1 << 25


class HopColumns:
    """Computes ``[u, G u, ..., G^k u]`` of every label without gradient.

    Propagation acts on each dimension of the embeddings by itself: besides the output, memory holds two blocks of
    columns. The precomputation of SIGN (Frasca et al., GRL+ 2020), here of raw label text.

    Args:
        tokens: token embeddings, shape ``[V, D]``.
        label_x: label texts, ``[L, V]``.
        graph: normalised adjacency whose rows are targets, ``[L, L]``; ``None`` with ``num_hops=0``.
        num_hops: k.
        columns: of a block; by default as many as make 128 MB.
    """

    def __init__(
        self, tokens: Tensor, label_x: CSR, graph: CSR | None, num_hops: int, columns: int | None = None
    ) -> None:
        if num_hops and graph is None:
            raise ValueError(f"{num_hops} hops need a label graph, got none")
        self.tokens = tokens.detach()
        self.label_x = label_x
        self.graph = graph
        self.num_hops = num_hops
        self.columns = columns or max(16, _MAX_BLOCK // max(1, label_x.shape[0]))

    @torch.no_grad()
    def compute(self, first_hop: int = 0, out: Tensor | None = None) -> Tensor:
        """Hops ``first_hop`` to ``k`` in memory, on the device of the embeddings.

        Args:
            first_hop: of the output; earlier ones are computed on the way.
            out: shape ``[L, k + 1 - first_hop, D]``, filled in place of a new tensor.
        """
        if out is None:
            shape = (self.label_x.shape[0], self.num_hops + 1 - first_hop, self.tokens.size(1))
            out = self.tokens.new_empty(shape)
        for block in self._blocks(0):
            self._fill(out, block, first_hop)
        return out

    @torch.no_grad()
    def compute_to(self, folder: str | os.PathLike[str]) -> Tensor:
        """All hops in a file ``hops.npy`` of a folder, memory-mapped: shape ``[L, k + 1, D]``, on the CPU.

        A computation that was killed goes on after its last whole block; one that is complete is opened as it is.
        What was computed from other embeddings, texts or graphs is replaced.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        path, progress = folder / "hops.npy", folder / "progress.json"
        shape = (self.label_x.shape[0], self.num_hops + 1, self.tokens.size(1))
        source = self._fingerprint()
        done = 0
        if path.is_file() and progress.is_file():
            state = json.loads(progress.read_text(encoding="utf-8"))
            done = state["columns"] if state["source"] == source else 0
        array = np.lib.format.open_memmap(
            path, mode="r+" if done else "w+", dtype=None if done else np.float32, shape=None if done else shape
        )
        out = torch.from_numpy(array)
        for block in self._blocks(done):
            self._fill(out, block, 0)
            array.flush()
            temporary = progress.with_name("progress.json.tmp")
            temporary.write_text(json.dumps({"source": source, "columns": block.stop}), encoding="utf-8")
            os.replace(temporary, progress)
        return out

    def _blocks(self, start: int) -> Iterator[slice]:
        dim = self.tokens.size(1)
        for first in range(start, dim, self.columns):
            yield slice(first, min(first + self.columns, dim))

    def _fill(self, out: Tensor, block: slice, first_hop: int) -> None:
        text = self.label_x
        hop = spmm(text.rowptr, text.col, text.value, self.tokens[:, block].contiguous())
        for number in range(self.num_hops + 1):
            if number > 0:
                assert self.graph is not None
                hop = self.graph.matmul(hop)
            if number >= first_hop:
                out[:, number - first_hop, block] = hop.to(out.device)

    def _fingerprint(self) -> str:
        """Of all that the hops depend on."""
        digest = hashlib.sha256(str((self.num_hops, self.tokens.shape, self.label_x.shape)).encode())
        for matrix in (self.label_x, self.graph):
            for tensor in () if matrix is None else (matrix.rowptr, matrix.col, matrix.value):
                digest.update(tensor.cpu().numpy().data)
        digest.update(self.tokens.cpu().contiguous().numpy().data)
        return digest.hexdigest()
