"""One instance of a model: its documents and seeds, and what its phases share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.inference import (
    BeamSearch,
    DocumentEncoder,
    Expansion,
    LabelComposer,
    LabelParts,
    LabelRanker,
    Link,
)
from xcgraph.models import LabelModel
from xcgraph.shortlist import BalancedKMeans, ClusterIndex
from xcgraph.shortlist.label_centroids import as_csr
from xcgraph.sparse import CSR
from xcgraph.transforms import NormalizeEdges

from .all_labels import fit_all_labels
from .candidates import CandidateSource
from .initialization import log_odds, mean_of_documents
from .label_graph import make_label_graph
from .label_hops import HopMode, LabelHops
from .loss import Loss
from .make_model import make_model
from .modules import fit_modules
from .optimization import cosine_schedule, halving_schedule, make_optimizers
from .phase import Phase
from .planned_phase import num_epochs, phase_label
from .seeds import derive_seed
from .settings import SHORTLIST_WIDTH
from .trainer import Trainer
from .training_shortlists import training_shortlists
from .validation import Validator

if TYPE_CHECKING:
    from .pipeline import Pipeline


@dataclass(frozen=True)
class TrainingSplit:
    """Training documents on the device: features ``[N, V]`` and relevance ``[N, L]``."""

    x: CSR
    y: CSR


class InstanceTrainer:
    """One member of the ensemble: its documents, its seeds, its phases.

    Args:
        pipeline: what all members share.
        number: of the member, from 0.
        rows: training documents to learn from.
        validator: tells when to stop, or ``None``.
        epochs: stop the ranker after so many epochs of its schedule.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        number: int,
        rows: np.ndarray,
        validator: Validator | None,
        epochs: int | None = None,
    ) -> None:
        self.p = pipeline
        self.settings = pipeline.settings
        self.paper = pipeline.recipe == "paper"
        self.number = number
        self.validator = validator
        self.epochs = epochs
        self.x, self.y = pipeline.data.train_x[rows], pipeline.data.train_y[rows]
        device = pipeline.device
        self.split = TrainingSplit(CSR.from_scipy(self.x).to(device), CSR.from_scipy(self.y).to(device))
        self.label_x = pipeline.label_x
        unknown = pipeline.unknown_pairs(rows)
        self.unknown = None if unknown is None else CSR.from_scipy(unknown).to(device)

    def fit(self) -> LabelRanker:
        """Trains the instance (or what a resumed run has left to do)."""
        return fit_all_labels(self) if self.p.scoring == "all" else fit_modules(self)

    def seed(self, *path: str | int) -> int:
        return derive_seed(self.p.seed, self.number, *path)

    def shortlists(self, beam_search: BeamSearch, graph: Data | None) -> Tensor:
        """Module III: labels to tell from each training document's own, int32 ``[N, S]``."""
        if self.paper:
            return training_shortlists(beam_search, self.split.x, graph=graph)
        return training_shortlists(beam_search, self.split.x, SHORTLIST_WIDTH)

    def label_graph(self, y: Any, embedder: LabelModel | None) -> tuple[Data | None, Data | None]:
        """The label graph, raw and normalised; ``(None, None)`` for models without one."""
        if self.settings.graph == "none":
            return None, None
        with self.p.timed("graph"):
            embedding = None
            if embedder is not None and self.settings.graph == "walk":
                with torch.no_grad():
                    embedding = embedder.embedding(self.label_x)
            raw = make_label_graph(
                self.settings, self.p.recipe, y, self.p.data.label_x, embedding, self.seed("graph"), self.p.device
            )
            graph = NormalizeEdges()(raw)
        if self.number == 0 and embedder is None:
            self.p.tell(f"label graph: {raw.num_nodes} labels, {raw.num_edges} edges")
        return raw, graph

    def make_model(self, num_labels: int, refinement: bool) -> LabelModel:
        """An untrained model on the device."""
        torch.manual_seed(self.seed("init", num_labels, int(refinement)))
        num_tokens = self.label_x.shape[1]
        model = make_model(self.settings, self.p.model_name, self.p.recipe, num_tokens, num_labels, refinement)
        return model.to(self.p.device)

    def label_hops(self, model: LabelModel, graph: Data | None) -> LabelHops:
        """Hops of the labels, as the settings want them."""
        mode: HopMode
        if self.settings.hops == "auto":
            mode = "frozen" if self.paper and self.p.model_name == "eclare" else "stale"
        else:
            mode = self.settings.hops
        folder = None
        if self.settings.frozen_hops == "disk" and self.p.checkpoints is not None:
            folder = self.p.checkpoints / f"{self.number}-hops"
        return LabelHops(model, self.label_x, graph, mode, self.settings.fan_out, folder)

    def cluster(self, centroid: Tensor, name: str) -> ClusterIndex:
        """Balanced clusters of about ``cluster_size`` labels."""
        depth = max(0, math.ceil(math.log2(max(1, centroid.size(0)) / self.settings.cluster_size)))
        assignment = BalancedKMeans(depth=depth, seed=self.seed("cluster", name)).fit_predict(centroid)
        if self.number == 0:
            self.p.tell(f"{name}: {centroid.size(0)} labels in {2**depth} clusters")
        return ClusterIndex(assignment, 2**depth)

    @torch.no_grad()
    def initialize(self, model: LabelModel, y: CSR, hops: LabelHops) -> None:
        """Refinement vectors and biases before training."""
        if self.paper:
            if model.refinement:
                # Of ECLARE the graph-smoothed label text, of DECAF the label text (algorithm of module III).
                model.classifier.initialize(weight=hops.last())
            return
        if model.refinement:
            model.classifier.initialize(weight=mean_of_documents(model, self.split.x, y))
        if model.classifier.bias is not None:
            model.classifier.initialize(bias=log_odds(y))

    def train(
        self,
        name: str,
        model: LabelModel,
        y: CSR,
        hops: LabelHops,
        candidates: CandidateSource,
        learning_rate: float | None = None,
        freeze: bool = False,
        loss: Loss = "bce",
        stop_after: int | None = None,
        make_ranker: Callable[[], LabelRanker] | None = None,
        validator: Validator | None = None,
    ) -> None:
        """Runs one phase; the model holds the result."""
        settings = self.settings
        epochs = num_epochs(name, settings, self.p.recipe, self.split.x.shape[0])
        trained = min(epochs, stop_after or epochs)
        steps = math.ceil(self.split.x.shape[0] / settings.batch_size)
        if self.paper:
            schedule = halving_schedule(steps, max(1, epochs // 2))
        else:
            # Of the epochs that are trained: to stop early is no reason to stop at a high rate.
            schedule = cosine_schedule(steps * trained, settings.warmup)
        phase = Phase(
            name,
            model,
            self.split.x,
            y,
            hops,
            candidates,
            make_optimizers(
                model, learning_rate or settings.learning_rate, freeze, settings.optimizer_state, loss == "softmax"
            ),
            schedule,
            settings.batch_size,
            "cell" if self.paper else "document",
            loss,
            self.seed(name),
        )
        folder = None
        if self.p.checkpoints is not None:
            folder = self.p.checkpoints / f"{self.number}-{name}"
        trainer = Trainer(folder, self.p.callbacks, validator, settings.patience)
        phase.label = phase_label(name, self.number, settings.instances)
        result = trainer.fit(phase, trained, make_ranker)
        self.p.results[f"{self.number}/{name}"] = result
        self.p.seconds[name] = self.p.seconds.get(name, 0.0) + result["seconds"]

    @torch.no_grad()
    def vectors(self, model: LabelModel, hops: LabelHops, block: int = 1 << 15) -> tuple[Tensor, Tensor | None]:
        """All label vectors ``[L, D]`` and biases, as they are at prediction time."""
        training = model.training
        model.eval()
        weight = model.embedding.weight.new_empty(model.num_labels, model.dim)
        for index, raw in hops.blocks(block):
            weight[index] = model.label_vectors(raw, index)[0]
        model.train(training)
        bias = model.classifier.bias
        return weight, None if bias is None else bias.detach().squeeze(1).clone()

    def label_parts(self, model: LabelModel, hops: LabelHops) -> LabelParts:
        """What the label vectors are made of, for those who ask why, or add labels."""
        graph = None if hops.graph is None else as_csr(hops.graph, self.label_x.shape[0])
        composer = LabelComposer.from_model(model, hops.compute, graph)
        return LabelParts(self.label_x, [composer], torch.ones(1, self.label_x.shape[0]))

    def expansion(self, graph: Data | None) -> Expansion | None:
        """GAME over a normalised graph, if the settings want it."""
        if graph is None:
            return None
        return Expansion(as_csr(graph, int(graph.num_nodes or 0)), self.settings.game)

    def ranker_of(
        self, model: LabelModel, hops: LabelHops, graph: Data | None, beam_search: BeamSearch | None = None
    ) -> Callable[[], LabelRanker]:
        """Makes a ranker of the model as it is when called."""
        expansion = self.expansion(graph)

        def make() -> LabelRanker:
            weight, bias = self.vectors(model, hops)
            # The papers keep as many labels as meta-labels; the default recipe has no such limit.
            beam = self.settings.beam if self.paper else self.settings.top_k
            link: Link = "softmax" if self.settings.label_loss == "softmax" else "sigmoid"
            return LabelRanker(DocumentEncoder.from_model(model), weight, bias, beam_search, expansion, beam, link)

        return make
