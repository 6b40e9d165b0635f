"""Memory, disk and time of each phase of a run, by counting."""

from __future__ import annotations

import math
from functools import cached_property

from xcgraph.shortlist import choose_scoring
from xcgraph.training.planned_phase import num_epochs
from xcgraph.training.settings import SHORTLIST_WIDTH, SPARSE_TABLE, Settings

from .problem_size import ProblemSize
from .rates import Rates

# Torch, PyG, scikit-learn and numba, loaded, and what allocators keep back.
_PROCESS = 600e6
# Bytes: a float or int32, an int64; an entry of a scipy matrix and of a CSR; a Python string with its place.
_F, _I = 4, 8
_SCIPY, _CSR = 8, 12
_NAME = 75
# Kernels of a training step, forward, backward and update.
_STEP_KERNELS = 400
# Rounds of 2-means a level, as measured on planted sets.
_ROUNDS = 14


class RunPlan:
    """What a run of some settings on data of some size takes.

    Counts of the tensors that are alive at once, and of the operations that read them. Memory is of the largest
    moment of each phase; what an allocator keeps back or a data set has that sizes do not tell (skewed degrees,
    long texts) is not in it.

    Args:
        size: of the data set.
        settings: as the run will have them; the default recipe's are fitted to the size here.
        model: ``"eclare"`` or ``"decaf"``.
        recipe: ``"default"`` or ``"paper"``.
    """

    def __init__(self, size: ProblemSize, settings: Settings, model: str, recipe: str) -> None:
        self.size = size
        self.settings = settings
        self.paper = recipe == "paper"
        if not self.paper:
            self.settings = settings.fitted(size.documents, size.labels, size.tokens, size.pairs)
        self.model = model
        self.scoring = choose_scoring(
            size.labels, self.settings.dim, self.settings.batch_size, override=self.settings.scoring
        )

    @cached_property
    def clusters(self) -> int:
        """K."""
        return 2 ** max(0, math.ceil(math.log2(max(1, self.size.labels) / self.settings.cluster_size)))

    @property
    def frozen(self) -> bool:
        """Whether module IV leaves token embeddings as they are."""
        if self.scoring == "all":
            return False
        return self.settings.hops == "frozen" or (
            self.settings.hops == "auto" and self.paper and self.model == "eclare"
        )

    def memory(self) -> dict[str, float]:
        """Bytes of the largest moment of each phase; the largest of all is what the run needs."""
        size, dim, held = self.size, self.settings.dim, self._held()
        table = size.labels * dim * _F
        out = {"data": held}
        if self.settings.graph != "none":
            # Pieces, their concatenation, and its sorting.
            out["graph"] = held + self._edges * 80
        graph = self._edges * (2 * _I + 3 * _F + _CSR)
        held += graph
        if self.scoring == "shortlist":
            entries = min(size.pairs * size.document_entries / max(1, size.documents), size.labels * 1000)
            rows = (size.documents + size.labels) * _I
            means = 3 * 2 * self.clusters * dim * _F
            out["clustering"] = held + 2 * table + max(2 * entries * _SCIPY + rows, size.labels * 8 * _I + means)
            surrogate = size.tokens * dim * _F
            meta = self._training(self.clusters, size.tokens, self._width(self.clusters, 0), self.clusters)
            out["surrogate"] = held + meta
            out["shortlister"] = held + surrogate + meta
            held += surrogate + 2 * self.clusters * dim * _F
            held += size.documents * self._shortlist_width * _F
            out["shortlists"] = held + 1024 * self.clusters * 5 * _F
        near = 0 if self.scoring == "all" else self.settings.hard_negatives
        out["ranker"] = held + self._training(
            size.labels, size.tokens, self._width(size.labels, near), size.labels
        )
        if self.settings.validation_fraction > 0:
            out["ranker"] += (size.labels + size.tokens) * dim * _F
        parameters = (size.tokens + size.labels) * dim * _F
        members = self.settings.instances - 1
        # Old label vectors are still there while new ones are made.
        out["predict"] = held + parameters + 2 * table + members * (table + size.tokens * dim * _F) + 3 * (1 << 26)
        if self.settings.fusion:
            entries = size.pairs * size.document_entries / max(1, size.documents) + size.label_entries
            out["fusion"] = out["predict"] + entries * (4 * _SCIPY + 2 * _CSR)
        return out

    def disk(self) -> dict[str, float]:
        """Bytes of files: checkpoints while the run lasts, and what it leaves."""
        size, dim = self.size, self.settings.dim
        parameters = (size.tokens + size.labels) * dim * _F
        best = parameters if self.settings.validation_fraction > 0 else 0
        # A state is complete before the one before it is deleted; those of finished phases hold weights alone.
        out = {"checkpoints": 2 * (parameters + self._moments(size.labels, size.tokens) + best)}
        if self.scoring == "shortlist":
            out["checkpoints"] += 2 * (size.tokens + self.clusters) * dim * _F
        if self.settings.frozen_hops == "disk" and self.frozen:
            out["frozen hops"] = size.labels * (self.settings.num_hops + 1) * dim * _F
        meta = (size.tokens + self.clusters) * dim * _F if self.scoring == "shortlist" else 0
        out["model"] = self.settings.instances * (parameters + meta) + self._edges * _CSR + size.labels * 2 * _NAME
        out["predictions"] = size.test_documents * 100 * _SCIPY
        return out

    def seconds(self, rates: Rates) -> dict[str, float]:
        """Seconds of each phase on a machine of some rates, over all instances."""
        size, settings, dim = self.size, self.settings, self.settings.dim
        fan = self.settings.graph_top_k + 1
        out = {}
        if settings.graph != "none":
            # A step of a walk with its bits and its count takes as long as some eighty reads and writes.
            out["graph"] = size.labels * settings.walk_length * 80 / rates.elements
        shortlist = self.scoring == "shortlist"
        if shortlist:
            rounds = math.log2(max(2, self.clusters)) * _ROUNDS
            gather = rounds * size.labels * 3 * dim / rates.gather
            # Two sorts of what is split, fifty passes each.
            out["clustering"] = 2 * (gather + rounds * size.labels * 100 / rates.elements)
            for name in ("surrogate", "shortlister"):
                out[name] = self._epochs(name) * self._epoch_steps * self.step_seconds(rates, self.clusters, 0)
            scores = size.documents * self.clusters
            out["shortlists"] = scores * dim / rates.flops + 4 * scores / rates.elements
        near = settings.hard_negatives if shortlist else 0
        epochs = self._epochs("ranker")
        out["ranker"] = epochs * self._epoch_steps * self.step_seconds(rates, size.labels, near)
        if settings.hops in ("auto", "stale") and settings.num_hops:
            out["ranker"] += epochs * size.labels * dim * (fan + 5) / rates.gather
        width = self.clusters if shortlist else size.labels
        scores = size.test_documents * width
        out["predict"] = scores * dim / rates.flops + 4 * scores / rates.elements
        for name in out:
            if name != "predict":
                out[name] *= settings.instances
        return out

    def _epochs(self, name: str) -> int:
        """Of a phase, at most."""
        return num_epochs(name, self.settings, "paper" if self.paper else "default", self.size.documents)

    @property
    def _edges(self) -> int:
        return 0 if self.settings.graph == "none" else self.size.labels * (self.settings.graph_top_k + 1)

    @property
    def _epoch_steps(self) -> int:
        return max(1, math.ceil(self.size.documents / self.settings.batch_size))

    @property
    def _shortlist_width(self) -> float:
        """Labels kept a training document."""
        settings, size = self.settings, self.size
        width = settings.beam * size.labels / self.clusters
        if not self.paper:
            return min(SHORTLIST_WIDTH, width)
        if self.model == "eclare":  # each beam is doubled by its neighbours, each label is then its row
            width *= 2 * (settings.graph_top_k + 1) / 2
        return min(width, size.labels)

    def _held(self) -> float:
        """What stays from the beginning to the end: the process, the data set and its copies."""
        size = self.size
        entries = size.document_entries + size.pairs
        # As loaded, the rows that are trained on, and on the device.
        matrices = (
            entries * (2 * _SCIPY + _CSR) + size.test_entries * _SCIPY + size.label_entries * (_SCIPY + _CSR)
        )
        rows = (2 * size.documents + size.test_documents) * 2 * _F + size.documents * 2 * _I
        return _PROCESS + matrices + rows + (size.documents + size.test_documents + 2 * size.labels) * _NAME

    def _width(self, labels: int, near: int) -> float:
        """Labels of a training step."""
        settings, size = self.settings, self.size
        if self.paper:
            shortlist = settings.batch_size * self._shortlist_width
            return labels if labels == self.clusters else min(labels, shortlist)
        drawn = settings.batch_size * (size.pairs / max(1, size.documents) + near) + settings.negatives
        return min(labels, drawn)

    def _moments(self, labels: int, tokens: int) -> float:
        dim = self.settings.dim
        trained = labels * dim + (0 if self.frozen and labels == self.size.labels else tokens * dim)
        return trained * _F * (2 if self.settings.optimizer_state == "full" else 1)

    def _training(self, labels: int, tokens: int, width: float, hop_labels: int) -> float:
        """Parameters, moments, hops and one step of a phase over some labels."""
        settings, dim = self.settings, self.settings.dim
        parameters = (labels + tokens) * dim * _F
        out = parameters + self._moments(labels, tokens)
        hops = settings.num_hops
        if hops and labels == self.size.labels:
            if self.frozen:
                out += 0 if settings.frozen_hops == "disk" else labels * (hops + 1) * dim * _F
            elif settings.hops in ("auto", "stale"):
                out += labels * hops * dim * _F
            if settings.hops != "sampled":
                out += 2 * min(labels * dim, 1 << 25) * _F
        elif hops:
            out += labels * hops * dim * _F
        cells = settings.batch_size * (
            min(width, self._shortlist_width) if self.paper and labels != self.clusters else width
        )
        rows = width * ((1 + settings.graph_top_k) / 2 if settings.hops == "sampled" else 1)
        # Logits, targets, softmax and gradients; embeddings of labels through blocks and mixing, and back.
        return out + cells * 6 * _F + rows * dim * (hops + 2) * 6 * _F

    def step_seconds(self, rates: Rates, labels: int, near: int) -> float:
        """Seconds of one training step."""
        settings, size, dim = self.settings, self.size, self.settings.dim
        width, batch = self._width(labels, near), settings.batch_size
        hops = settings.num_hops + 1
        products = 3 * (batch * width * dim + (batch + hops * width) * dim * dim)
        if self.paper and labels != self.clusters:
            products = 3 * (batch * self._shortlist_width * dim + (batch + hops * width) * dim * dim)
        texts = batch * size.document_entries / max(1, size.documents) + width * size.label_entries / max(
            1, size.labels
        )
        if settings.hops == "sampled":
            texts *= settings.graph_top_k
        # Embeddings there and back; rows of the tables, read and written with their moments; mixing.
        gather = 3 * texts * dim + 8 * width * dim
        elements = batch * width * 8 + width * dim * hops * 30
        # Small tables are updated whole: gradient, two moments and the table, read and written.
        if settings.optimizer_state == "full":
            tables = [labels] if self.frozen and labels == size.labels else [labels, size.tokens]
            elements += sum(8 * rows * dim for rows in tables if rows * dim <= SPARSE_TABLE)
        return (
            products / rates.flops
            + gather / rates.gather
            + elements / rates.elements
            + _STEP_KERNELS / rates.steps
        )
