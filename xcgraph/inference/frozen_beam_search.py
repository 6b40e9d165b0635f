"""A trained shortlister for one document at a time."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xcgraph.sparse import rowptr_from_sorted

from .frozen_encoder import FrozenEncoder
from .frozen_expansion import FrozenExpansion, best_labels
from .label_ranker import BeamSearch
from .projected_labels import best_ids
from .row_matrix import Dtype, RowMatrix
from .stored_tensors import named, part_of
from .token_postings import check_rows


class FrozenBeamSearch:
    """Finds the labels of the best meta-labels, as :class:`BeamSearch` does.

    Args:
        encoder: of module II.
        weight: meta-label vectors, ``[K, D]``, minus ``mean`` where they are not float32.
        mean: of the meta-label vectors, float32 ``[D]``; zeros where they are float32.
        bias: float32 ``[K]``.
        rowptr: int64 ``[K + 1]``.
        labels: those of each meta-label, one after the other, ascending in each, int32 ``[L]``.
        beam: B.
        expansion: over the meta graph, or ``None``.

    Raises:
        ValueError: if sizes do not fit together.
    """

    def __init__(
        self,
        encoder: FrozenEncoder,
        weight: RowMatrix,
        mean: Tensor,
        bias: Tensor,
        rowptr: Tensor,
        labels: Tensor,
        beam: int,
        expansion: FrozenExpansion | None = None,
    ) -> None:
        count, dim = weight.shape
        if dim != encoder.dim or mean.shape != (dim,) or bias.shape != (count,) or rowptr.shape != (count + 1,):
            raise ValueError(f"expected {count} meta-labels of {encoder.dim} dimensions, got others")
        if not 1 <= beam <= count:
            raise ValueError(f"expected a beam of 1 to {count}, got {beam}")
        check_rows(rowptr, labels, labels, labels.numel())
        if not torch.equal(labels.long().sort().values, torch.arange(labels.numel())):
            raise ValueError("expected every label in one meta-label")
        if expansion is not None and expansion.num_labels != count:
            raise ValueError(f"expected a graph of {count} meta-labels, got {expansion.num_labels}")
        self.encoder = encoder
        self.weight = weight
        self.beam = beam
        self.expansion = expansion
        self._tensors = (mean.float().contiguous(), bias.float().contiguous(), rowptr, labels.contiguous())
        self._mean, self._bias, self._rowptr, self._labels = (part.numpy() for part in self._tensors)
        self._local = threading.local()

    @classmethod
    def freeze(cls, search: BeamSearch, dtype: Dtype) -> FrozenBeamSearch:
        """Of a trained shortlister."""
        weight = search.weight.detach().cpu().float()
        mean = torch.zeros(weight.size(1)) if dtype == "float32" else weight.mean(dim=0)
        bias = torch.zeros(weight.size(0)) if search.bias is None else search.bias.detach().cpu()
        cluster, labels = search.clusters.assignment.cpu().sort(stable=True)
        (encoder,) = FrozenEncoder.freeze(search.encoder, dtype)
        return cls(
            encoder,
            RowMatrix.convert(weight, dtype, None if dtype == "float32" else mean),
            mean,
            bias,
            rowptr_from_sorted(cluster, search.clusters.num_clusters),
            labels.int(),
            min(search.beam, weight.size(0)),
            FrozenExpansion.freeze(search.expansion),
        )

    @property
    def num_labels(self) -> int:
        """L."""
        return len(self._labels)

    @property
    def num_clusters(self) -> int:
        """K."""
        return self.weight.shape[0]

    def find(self, ids: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The shortlist of one document.

        Args:
            ids: its tokens, int32 ``[n]``, each once.
            weights: theirs, float32 ``[n]``.

        Returns:
            ``(labels int32, probabilities of their meta-labels float32)``, ``[S]``, each label once.
        """
        own = self._buffers()
        self.encoder.embed(ids, weights, own.part, own.document)
        np.add(self._bias, np.float32(self._mean @ own.document), out=own.logit)
        self.weight.add_product(own.document, own.logit)
        meta = best_ids(own.logit, self.beam)
        meta, logit = best_labels(meta, own.logit[meta], self.beam)
        score = np.exp(-np.logaddexp(np.float32(0), -logit))
        if self.expansion is not None:
            meta, score = self.expansion(meta, score, 2 * self.beam, own.zeros, own.touched)
        start = self._rowptr[meta]
        size = self._rowptr[meta + 1] - start
        first = np.cumsum(size) - size  # where each meta-label's labels begin among those that are found
        place = np.arange(int(size.sum())) + np.repeat(start - first, size)
        return self._labels[place], np.repeat(score, size)

    def _buffers(self) -> Any:
        """Arrays that belong to the calling thread."""
        own = self._local
        if not hasattr(own, "document"):
            own.part, own.document = (np.empty(self.encoder.dim, dtype=np.float32) for _ in range(2))
            own.logit = np.empty(self.num_clusters, dtype=np.float32)
            own.zeros = np.zeros(self.num_clusters, dtype=np.float32)
            own.touched = np.empty(self.num_clusters, dtype=np.int32)
        return own

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk, beside ``beam`` and the weight of the expansion."""
        found = dict(zip(("mean", "bias", "rowptr", "labels"), self._tensors, strict=True))
        found |= named("encoder", self.encoder.tensors())
        if self.expansion is not None:
            found |= named("graph", self.expansion.tensors())
        return {**found, **self.weight.tensors("weight")}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor], beam: int, mix: float) -> FrozenBeamSearch:
        """What :meth:`tensors` gave; ``mix`` is the weight of the expansion, if there is one."""
        graph = part_of(tensors, "graph")
        return cls(
            FrozenEncoder.from_tensors(part_of(tensors, "encoder")),
            RowMatrix.from_tensors(tensors, "weight"),
            tensors["mean"],
            tensors["bias"],
            tensors["rowptr"],
            tensors["labels"],
            beam,
            FrozenExpansion(**graph, mix=mix) if graph else None,
        )

    def __repr__(self) -> str:
        sizes = f"{self.num_labels} labels, {self.num_clusters} meta-labels"
        return f"{type(self).__name__}({sizes}, beam={self.beam})"
