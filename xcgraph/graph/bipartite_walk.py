"""Random walks with restart on the bipartite graph of documents and labels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from xcgraph.sparse import CSR

from .counter_rng import random_bits

_LOW_32 = (1 << 32) - 1


def check_walk(restart: float, length: int) -> None:
    """Raises a ``ValueError`` unless ``0 <= restart <= 1`` and ``length >= 1``."""
    if not 0.0 <= restart <= 1.0:
        raise ValueError(f"expected 'restart' between 0 and 1, got {restart}")
    if length < 1:
        raise ValueError(f"expected 'length' of at least 1, got {length}")


class BipartiteWalk:
    """Walks label -> document -> label, returning to the start before a step with probability ``restart``.

    The walk of ECLARE (Mittal et al., WWW 2021): each step picks one of the label's documents, then one of that
    document's labels, both uniformly; the label may be the one it came from. The first step starts at the source.

    Steps between two restarts are walks of their own, so all steps at the same distance from their restart are
    made
    together: a handful of tensor operations, whatever the length. Bits come from a counter-based generator keyed
    by (seed, label, step): a walk depends neither on the device nor on the sources it is computed with.

    Args:
        y: relevance, scipy sparse or :class:`~xcgraph.sparse.CSR` of shape ``[N, L]``; each stored entry counts
            as one.
        restart: probability of a restart before each step, in ``[0, 1]``.
        length: steps of each walk.
        seed: any integer.
        device: where walks are made.
    """

    def __init__(
        self,
        y: Any,
        restart: float = 0.8,
        length: int = 400,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        check_walk(restart, length)
        self.restart = restart
        self.length = length
        self.seed = seed
        docs = CSR.from_adj(y).to(device)
        labels = docs.transpose()
        self._num_labels = docs.shape[1]
        # Of each label: where its documents start and how many there are; of each document: the same for its
        # labels.
        self._label_ptr, self._doc_ptr = labels.rowptr, docs.rowptr
        self._label_start, self._label_degree = labels.rowptr[:-1].contiguous(), labels.row_counts()
        self._doc_start, self._doc_degree = docs.rowptr[:-1].contiguous(), docs.row_counts()
        self._docs_of, self._labels_of = labels.col, docs.col

    @property
    def label_degree(self) -> Tensor:
        """Documents of each label, shape ``[L]``, int64."""
        return self._label_degree

    def __call__(self, sources: Tensor) -> Tensor:
        """Walks from each label of ``sources`` (shape ``[S]``, int64).

        Returns:
            Labels visited, shape ``[S, length]``, int64; rows of labels without documents hold -1.
        """
        sources = sources.to(self._docs_of.device)
        visited = torch.full((sources.numel(), self.length), -1, dtype=torch.long, device=sources.device)
        alive = self._label_degree[sources] > 0
        visited[alive] = self._walk(sources[alive])
        return visited

    def counts(self, sources: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """How often walks from ``sources`` (shape ``[S]``, int64) visit which labels.

        On the CPU a compiled loop makes the same walks in half the time.

        Returns:
            ``(source, label, count)``, each int64 of shape ``[E]``, in the order of the sources, then of the
            labels; sources without documents visit none.
        """
        sources = sources.to(self._docs_of.device)
        sources = sources[self._label_degree[sources] > 0]
        if sources.device.type == "cpu":
            return self._count_compiled(sources)
        # Label ids fit 32 bits, which sort faster than 64.
        visited = self._walk(sources).int().sort(dim=1).values
        is_first = torch.ones_like(visited, dtype=torch.bool)
        is_first[:, 1:] = visited[:, 1:] != visited[:, :-1]
        first = is_first.view(-1).nonzero().view(-1)
        count = torch.diff(first, append=first.new_tensor([visited.numel()]))
        return sources[first // self.length], visited.view(-1)[first].long(), count

    def _count_compiled(self, sources: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        import numpy as np

        from .walk_kernel import count_visits  # compiles

        label, count = (torch.empty(sources.numel() * self.length, dtype=torch.long) for _ in range(2))
        size = torch.empty(sources.numel(), dtype=torch.long)
        arrays = [self._label_ptr, self._docs_of, self._doc_ptr, self._labels_of, sources]
        kernel: Any = count_visits
        end = kernel(
            *(array.numpy() for array in arrays), self.length, np.uint64(round(self.restart * 2**32)),
            np.uint64(self.seed % 2**64), label.numpy(), count.numpy(), size.numpy(),
        )  # fmt: skip
        return sources.repeat_interleave(size), label[:end].clone(), count[:end].clone()

    def _walk(self, sources: Tensor) -> Tensor:
        # Two streams a label: one word a step for (document, label), and one for every two restarts.
        bits = random_bits(self.seed, 2 * sources, self.length).view(-1)
        restart = self._restarts(sources)
        visited = torch.empty_like(bits)
        step = restart[:-1].nonzero().view(-1)
        at = sources.index_select(0, step // self.length)
        while step.numel():
            at = self._step(at, bits.index_select(0, step))
            visited.index_copy_(0, step, at)
            # The next step goes on from here unless it is a restart.
            step = step + 1
            goes_on = ~restart.index_select(0, step)
            step, at = step[goes_on], at[goes_on]
        return visited.view(-1, self.length)

    def _restarts(self, sources: Tensor) -> Tensor:
        """Whether each step starts at its source, shape ``[S * length + 1]``; the extra one ends the last walk."""
        shape = (sources.numel(), self.length)
        if self.restart == 1.0:
            restart = torch.ones(shape, dtype=torch.bool, device=sources.device)
        else:
            words = random_bits(self.seed, 2 * sources + 1, (self.length + 1) // 2)
            halves = words.view(torch.int32)[:, : self.length]
            restart = halves < round(self.restart * 2**32) - 2**31
            restart[:, 0] = True
        return torch.cat([restart.reshape(-1), restart.new_ones(1)])

    def _step(self, at: Tensor, bits: Tensor) -> Tensor:
        """One step label -> document -> label; each half of ``bits`` picks one of ``n`` as ``half * n / 2^32``."""
        pick = ((bits & _LOW_32) * self._label_degree.index_select(0, at)) >> 32
        doc = self._docs_of.index_select(0, self._label_start.index_select(0, at) + pick)
        pick = (((bits >> 32) & _LOW_32) * self._doc_degree.index_select(0, doc)) >> 32
        return self._labels_of.index_select(0, self._doc_start.index_select(0, doc) + pick)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_labels={self._num_labels}, restart={self.restart}, length={self.length}, "
            f"seed={self.seed})"
        )


def bipartite_restart_walk(
    y: Any,
    sources: Tensor,
    restart: float = 0.8,
    length: int = 400,
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Labels visited from ``sources`` (shape ``[S]``), shape ``[S, length]``; see :class:`BipartiteWalk`."""
    return BipartiteWalk(y, restart, length, seed, device)(sources)
