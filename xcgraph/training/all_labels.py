"""The phase of a recipe that scores all labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xcgraph.inference import LabelRanker

from .candidates import SampledLabels

if TYPE_CHECKING:
    from .instance import InstanceTrainer


def fit_all_labels(instance: InstanceTrainer) -> LabelRanker:
    """Trains the whole model, each step against the labels of its documents and a sample of the others."""
    settings = instance.settings
    _, graph = instance.label_graph(instance.y, None)
    model = instance.make_model(instance.label_x.shape[0], refinement=True)
    hops = instance.label_hops(model, graph)
    instance.initialize(model, instance.split.y, hops)
    ranker = instance.ranker_of(model, hops, graph)
    instance.train(
        "ranker",
        model,
        instance.split.y,
        hops,
        SampledLabels(settings.negatives, unknown=instance.unknown),
        loss=settings.label_loss,
        stop_after=instance.epochs,
        make_ranker=ranker,
        validator=instance.validator,
    )
    trained = ranker()
    trained.parts = instance.label_parts(model, hops)
    return trained
