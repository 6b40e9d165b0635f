"""One instance of a model: which phases a recipe runs, and how each starts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from xcgraph.graph import CooccurrenceGraph, RandomWalkGraph, TextKNNGraph, meta_graph
from xcgraph.inference import (
    BeamSearch,
    DocumentEncoder,
    Expansion,
    LabelComposer,
    LabelParts,
    LabelRanker,
    Link,
)
from xcgraph.models import DECAF, ECLARE, LabelModel
from xcgraph.shortlist import (
    BalancedKMeans,
    ClusterIndex,
    projected_centroids,
    unit_centroids,
)
from xcgraph.shortlist.label_centroids import as_csr
from xcgraph.sparse import CSR
from xcgraph.transforms import NormalizeEdges

from .candidates import AllLabels, CandidateSource, SampledLabels, Shortlisted
from .initialization import log_odds, mean_of_documents
from .label_hops import HopMode, LabelHops
from .label_sums import label_sums
from .loss import Loss
from .optimization import cosine_schedule, halving_schedule, make_optimizers
from .phase import Phase
from .planned_phase import num_epochs, phase_label
from .seeds import derive_seed
from .trainer import Trainer
from .training_shortlists import training_shortlists
from .validation import Validator

if TYPE_CHECKING:
    from .pipeline import Pipeline

# Tables with more numbers than this get sparse gradients, so that a step costs the rows it uses; below, one pass
# of Adam over the whole table is faster than sorting out the rows.
_SPARSE_TABLE = 1 << 24
# Labels a training document's shortlist keeps in the default recipe; a few of them are drawn in each step.
SHORTLIST_WIDTH = 512


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
        return self.fit_all_labels() if self.p.scoring == "all" else self.fit_modules()

    def seed(self, *path: str | int) -> int:
        return derive_seed(self.p.seed, self.number, *path)

    def fit_all_labels(self) -> LabelRanker:
        settings = self.settings
        _, graph = self.label_graph(self.y, None)
        model = self.make_model(self.label_x.shape[0], refinement=True)
        hops = self.label_hops(model, graph)
        self.initialize(model, self.split.y, hops)
        ranker = self.ranker_of(model, hops, graph)
        self.train(
            "ranker",
            model,
            self.split.y,
            hops,
            SampledLabels(settings.negatives, unknown=self.unknown),
            loss=settings.loss,
            stop_after=self.epochs,
            make_ranker=ranker,
            validator=self.validator,
        )
        trained = ranker()
        trained.parts = self.label_parts(model, hops)
        return trained

    def fit_modules(self) -> LabelRanker:
        raw, graph = self.label_graph(self.y, None)
        surrogate = self.fit_surrogate(raw, graph)
        # The papers' second graph drops neighbours whose texts disagree, by the embeddings of module I.
        if self.paper and graph is not None:
            raw, graph = self.label_graph(self.y, surrogate)
        beam_search = self.fit_shortlister(raw, graph, surrogate)
        del raw, surrogate  # module IV needs the memory
        return self.fit_ranker(graph, beam_search)

    def fit_surrogate(self, raw: Data | None, graph: Data | None) -> LabelModel:
        """Module I: token embeddings, learned by predicting clusters of labels."""
        with self.p.timed("clustering"):
            centroid = projected_centroids(self.y, self.x, graph, self.settings.dim, self.seed("projection"))
            clusters = self.cluster(centroid.to(self.p.device), "surrogate")
        model, hops = self.meta_model(clusters, raw, refinement=False, mode="exact" if self.paper else "stale")
        targets = clusters.meta_targets(self.split.y)
        if not self.paper:
            model.classifier.initialize(bias=log_odds(targets))
        candidates: CandidateSource = AllLabels() if self.paper else SampledLabels(self.settings.negatives)
        self.train(
            "surrogate", model, targets, hops, candidates,
            learning_rate=self.settings.surrogate_learning_rate if self.paper else None,
        )  # fmt: skip
        return model

    def fit_shortlister(self, raw: Data | None, graph: Data | None, surrogate: LabelModel) -> BeamSearch:
        """Module II: clusters by embeddings, and a model that predicts them."""
        with self.p.timed("clustering"), torch.no_grad():
            total = label_sums(
                lambda x: torch.nn.functional.normalize(surrogate.embedding(x), dim=1), self.split.x, self.split.y
            )
            clusters = self.cluster(unit_centroids(total, graph), "shortlister")
            del total
        freeze = self.paper and self.p.model_name == "eclare"
        mode: Any = "frozen" if freeze else "exact" if self.paper else "stale"
        model, hops = self.meta_model(clusters, raw, refinement=True, mode=mode)
        model.embedding.load_state_dict(surrogate.embedding.state_dict())
        targets = clusters.meta_targets(self.split.y)
        self.initialize(model, targets, hops)
        candidates: CandidateSource = AllLabels() if self.paper else SampledLabels(self.settings.negatives)
        self.train(
            "shortlister", model, targets, hops, candidates,
            learning_rate=self.settings.ranker_learning_rate if self.paper else None, freeze=freeze,
        )  # fmt: skip
        weight, bias = self.vectors(model, hops)
        expansion = self.expansion(hops.graph)
        return BeamSearch(
            DocumentEncoder.from_model(model),
            weight,
            bias,
            clusters,
            min(self.settings.beam, clusters.num_clusters),
            expansion,
        )

    def fit_ranker(self, graph: Data | None, beam_search: BeamSearch) -> LabelRanker:
        """Modules III and IV: shortlists of the training documents, and a model trained against them."""
        settings = self.settings
        with self.p.timed("shortlists"):
            shortlist = self.shortlists(beam_search, graph)
        model = self.make_model(self.label_x.shape[0], refinement=True)
        with torch.no_grad():
            model.embedding.weight.copy_(beam_search.encoder.tokens)
        hops = self.label_hops(model, graph)
        self.initialize(model, self.split.y, hops)
        candidates: CandidateSource
        if self.paper:
            candidates = Shortlisted(shortlist)
        else:
            candidates = SampledLabels(settings.negatives, shortlist, settings.hard_negatives, self.unknown)
        ranker = self.ranker_of(model, hops, graph, beam_search)
        self.train(
            "ranker",
            model,
            self.split.y,
            hops,
            candidates,
            learning_rate=settings.ranker_learning_rate if self.paper else None,
            freeze=hops.mode == "frozen",
            loss=settings.loss,
            stop_after=self.epochs,
            make_ranker=ranker,
            validator=self.validator,
        )
        return ranker()

    def shortlists(self, beam_search: BeamSearch, graph: Data | None) -> Tensor:
        """Module III: labels to tell from each training document's own, int32 ``[N, S]``."""
        if self.paper:
            return training_shortlists(beam_search, self.split.x, graph=graph)
        return training_shortlists(beam_search, self.split.x, SHORTLIST_WIDTH)

    def label_graph(self, y: Any, embedder: LabelModel | None) -> tuple[Data | None, Data | None]:
        """The label graph, raw and normalised; ``(None, None)`` for models without one."""
        settings = self.settings
        if settings.graph == "none":
            return None, None
        with self.p.timed("graph"):
            raw: Data
            if settings.graph == "walk":
                embedding = None
                if embedder is not None:
                    with torch.no_grad():
                        embedding = embedder.embedding(self.label_x)
                raw = RandomWalkGraph(
                    settings.restart, settings.walk_length, settings.graph_top_k, settings.head_threshold,
                    settings.prune_max_dist, embedding, method="walk" if self.paper else "auto",
                    seed=self.seed("graph"), device=self.p.device,
                )(y)  # fmt: skip
            elif settings.graph == "cooccurrence":
                raw = CooccurrenceGraph(k=settings.graph_top_k)(y)
            else:
                raw = TextKNNGraph(k=settings.graph_top_k)(self.p.data.label_x)
            raw = raw.to(str(self.p.device))
            graph = NormalizeEdges()(raw)
        if self.number == 0 and embedder is None:
            self.p.tell(f"label graph: {raw.num_nodes} labels, {raw.num_edges} edges")
        return raw, graph

    def make_model(self, num_labels: int, refinement: bool) -> LabelModel:
        """An untrained model on the device."""
        settings = self.settings
        torch.manual_seed(self.seed("init", num_labels, int(refinement)))
        num_tokens = self.label_x.shape[1]
        dropout = settings.dropout if refinement or not self.paper else settings.surrogate_dropout
        document_dropout = (
            settings.document_dropout if refinement or not self.paper else settings.surrogate_dropout
        )
        # A surrogate has no refinement vectors to stand in for the text.
        label_text = settings.label_text or not refinement
        refinement = refinement and settings.refinement
        limit = 0 if settings.optimizer_state == "rowwise" else _SPARSE_TABLE
        common: dict[str, Any] = {
            "dropout": dropout,
            "document_dropout": document_dropout,
            "refinement": refinement,
            "bias": settings.label_bias and (refinement or not self.paper),
            "sparse_tokens": num_tokens * settings.dim > limit,
            "sparse_labels": num_labels * settings.dim > limit,
        }
        model: LabelModel
        if self.p.model_name == "eclare":
            model = ECLARE(
                num_tokens, num_labels, settings.dim, settings.num_hops, combine=settings.combine,
                label_text=label_text, **common,
            )  # fmt: skip
        else:
            model = DECAF(num_tokens, num_labels, settings.dim, **common)
        return model.to(self.p.device)

    def meta_model(
        self, clusters: ClusterIndex, raw: Data | None, refinement: bool, mode: HopMode
    ) -> tuple[LabelModel, LabelHops]:
        """A model over meta-labels, with their text and graph."""
        graph = None
        if raw is not None:
            graph = NormalizeEdges()(
                meta_graph(raw, clusters.assignment, clusters.num_clusters, self.settings.graph_top_k)
            )
        model = self.make_model(clusters.num_clusters, refinement)
        return model, LabelHops(model, clusters.meta_text(self.label_x), graph, mode)

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

    def num_epochs(self, name: str) -> int:
        """Epochs of a phase, at most."""
        return num_epochs(name, self.settings, self.p.recipe, self.split.x.shape[0])

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
        num_epochs = self.num_epochs(name)
        steps = math.ceil(self.split.x.shape[0] / settings.batch_size)
        if self.paper:
            schedule = halving_schedule(steps, max(1, num_epochs // 2))
        else:
            # Of the epochs that are trained: to stop early is no reason to stop at a high rate.
            schedule = cosine_schedule(steps * min(num_epochs, stop_after or num_epochs), settings.warmup)
        phase = Phase(
            name,
            model,
            self.split.x,
            y,
            hops,
            candidates,
            make_optimizers(model, learning_rate or settings.learning_rate, freeze, settings.optimizer_state),
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
        result = trainer.fit(phase, min(num_epochs, stop_after or num_epochs), make_ranker)
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
            link: Link = "softmax" if self.settings.loss == "softmax" else "sigmoid"
            return LabelRanker(DocumentEncoder.from_model(model), weight, bias, beam_search, expansion, beam, link)

        return make
