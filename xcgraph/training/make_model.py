"""The model that settings ask for."""

from __future__ import annotations

from typing import Any

from xcgraph.models import DECAF, ECLARE, LabelModel

from .settings import SPARSE_TABLE, Settings


def make_model(
    settings: Settings, name: str, recipe: str, num_tokens: int, num_labels: int, refinement: bool
) -> LabelModel:
    """An untrained model, drawn from torch's global generator.

    Args:
        settings: of the run.
        name: ``"eclare"`` or ``"decaf"``.
        recipe: ``"default"`` or ``"paper"``.
        num_tokens: V.
        num_labels: L, or K of a model over meta-labels.
        refinement: whether labels may have refinement vectors; those of the surrogate of module I have none.
    """
    paper = recipe == "paper"
    dropout = settings.dropout if refinement or not paper else settings.surrogate_dropout
    document_dropout = settings.document_dropout if refinement or not paper else settings.surrogate_dropout
    # A surrogate has no refinement vectors to stand in for the text.
    label_text = settings.label_text or not refinement
    refinement = refinement and settings.refinement
    limit = 0 if settings.optimizer_state == "rowwise" else SPARSE_TABLE
    common: dict[str, Any] = {
        "dropout": dropout,
        "document_dropout": document_dropout,
        "refinement": refinement,
        "bias": settings.label_bias and (refinement or not paper),
        "sparse_tokens": num_tokens * settings.dim > limit,
        "sparse_labels": num_labels * settings.dim > limit,
    }
    if name == "decaf":
        return DECAF(num_tokens, num_labels, settings.dim, **common)
    return ECLARE(
        num_tokens, num_labels, settings.dim, settings.num_hops, combine=settings.combine, label_text=label_text,
        **common,
    )  # fmt: skip
