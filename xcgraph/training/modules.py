"""The papers' four modules: phases of a recipe that shortlists labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch_geometric.data import Data

from xcgraph.graph import meta_graph
from xcgraph.inference import BeamSearch, DocumentEncoder, LabelRanker
from xcgraph.models import LabelModel
from xcgraph.shortlist import ClusterIndex, projected_centroids, unit_centroids
from xcgraph.transforms import NormalizeEdges

from .candidates import AllLabels, CandidateSource, SampledLabels, Shortlisted
from .initialization import log_odds
from .label_hops import HopMode, LabelHops
from .label_sums import label_sums

if TYPE_CHECKING:
    from .instance import InstanceTrainer


def fit_modules(instance: InstanceTrainer) -> LabelRanker:
    """Trains modules I to IV (:class:`~xcgraph.training.pipeline.Pipeline` says what they do)."""
    raw, graph = instance.label_graph(instance.y, None)
    surrogate = _fit_surrogate(instance, raw, graph)
    # The papers' second graph drops neighbours whose texts disagree, by the embeddings of module I.
    if instance.paper and graph is not None:
        raw, graph = instance.label_graph(instance.y, surrogate)
    beam_search = _fit_shortlister(instance, raw, graph, surrogate)
    del raw, surrogate  # module IV needs the memory
    return _fit_ranker(instance, graph, beam_search)


def _fit_surrogate(instance: InstanceTrainer, raw: Data | None, graph: Data | None) -> LabelModel:
    """Module I: token embeddings, learned by predicting clusters of labels."""
    with instance.p.timed("clustering"):
        centroid = projected_centroids(
            instance.y, instance.x, graph, instance.settings.dim, instance.seed("projection")
        )
        clusters = instance.cluster(centroid.to(instance.p.device), "surrogate")
    model, hops = _meta_model(
        instance, clusters, raw, refinement=False, mode="exact" if instance.paper else "stale"
    )
    targets = clusters.meta_targets(instance.split.y)
    if not instance.paper and model.classifier.bias is not None:
        model.classifier.initialize(bias=log_odds(targets))
    candidates: CandidateSource = AllLabels() if instance.paper else SampledLabels(instance.settings.negatives)
    instance.train(
        "surrogate", model, targets, hops, candidates,
        learning_rate=instance.settings.surrogate_learning_rate if instance.paper else None,
    )  # fmt: skip
    return model


def _fit_shortlister(
    instance: InstanceTrainer, raw: Data | None, graph: Data | None, surrogate: LabelModel
) -> BeamSearch:
    """Module II: clusters by embeddings, and a model that predicts them."""
    with instance.p.timed("clustering"), torch.no_grad():
        total = label_sums(
            lambda x: torch.nn.functional.normalize(surrogate.embedding(x), dim=1),
            instance.split.x,
            instance.split.y,
        )
        clusters = instance.cluster(unit_centroids(total, graph), "shortlister")
        del total
    freeze = instance.paper and instance.p.model_name == "eclare"
    mode: Any = "frozen" if freeze else "exact" if instance.paper else "stale"
    model, hops = _meta_model(instance, clusters, raw, refinement=True, mode=mode)
    model.embedding.load_state_dict(surrogate.embedding.state_dict())
    targets = clusters.meta_targets(instance.split.y)
    instance.initialize(model, targets, hops)
    candidates: CandidateSource = AllLabels() if instance.paper else SampledLabels(instance.settings.negatives)
    instance.train(
        "shortlister", model, targets, hops, candidates,
        learning_rate=instance.settings.ranker_learning_rate if instance.paper else None, freeze=freeze,
    )  # fmt: skip
    weight, bias = instance.vectors(model, hops)
    expansion = instance.expansion(hops.graph)
    return BeamSearch(
        DocumentEncoder.from_model(model),
        weight,
        bias,
        clusters,
        min(instance.settings.beam, clusters.num_clusters),
        expansion,
    )


def _fit_ranker(instance: InstanceTrainer, graph: Data | None, beam_search: BeamSearch) -> LabelRanker:
    """Modules III and IV: shortlists of the training documents, and a model trained against them."""
    settings = instance.settings
    with instance.p.timed("shortlists"):
        shortlist = instance.shortlists(beam_search, graph)
    model = instance.make_model(instance.label_x.shape[0], refinement=True)
    with torch.no_grad():
        model.embedding.weight.copy_(beam_search.encoder.tokens)
    hops = instance.label_hops(model, graph)
    instance.initialize(model, instance.split.y, hops)
    candidates: CandidateSource
    if instance.paper:
        candidates = Shortlisted(shortlist)
    else:
        candidates = SampledLabels(settings.negatives, shortlist, settings.hard_negatives, instance.unknown)
    ranker = instance.ranker_of(model, hops, graph, beam_search)
    instance.train(
        "ranker",
        model,
        instance.split.y,
        hops,
        candidates,
        learning_rate=settings.ranker_learning_rate if instance.paper else None,
        freeze=hops.mode == "frozen",
        loss=settings.label_loss,
        stop_after=instance.epochs,
        make_ranker=ranker,
        validator=instance.validator,
    )
    return ranker()


def _meta_model(
    instance: InstanceTrainer, clusters: ClusterIndex, raw: Data | None, refinement: bool, mode: HopMode
) -> tuple[LabelModel, LabelHops]:
    """A model over meta-labels, with their text and graph."""
    graph = None
    if raw is not None:
        graph = NormalizeEdges()(
            meta_graph(raw, clusters.assignment, clusters.num_clusters, instance.settings.graph_top_k)
        )
    model = instance.make_model(clusters.num_clusters, refinement)
    return model, LabelHops(model, clusters.meta_text(instance.label_x), graph, mode)
