"""Sparse rows of the labels that are added to a model, and how much each counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from xcgraph.inference import LexicalScorer
from xcgraph.sparse import CSR

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class FusionWeights:
    """Weights of a label's scores beside the model's logit.

    Args:
        linear: of the linear one-vs-all classifier's margin.
        centroid: of the cosine with the centroid of the label's training documents.
        text: of the cosine with the label's text.
        game: of the neighbours' scores (GAME).
    """

    linear: float = 0.0
    centroid: float = 0.0
    text: float = 0.0
    game: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """As json values."""
        return asdict(self)


LEXICAL = ("linear", "centroid", "text")


@dataclass(frozen=True)
class LexicalParts:
    """Sparse rows of the labels that can be added to a model.

    Args:
        rows: scipy sparse ``[L, V]`` of each part in use, by names of :data:`LEXICAL`: one-vs-all weights,
            centroids of the labels' training documents, texts of the labels.
        bias: ``[L]`` of each part that has biases, by the same names.
    """

    rows: dict[str, csr_matrix]
    bias: dict[str, Tensor] = field(default_factory=dict)

    def scorer(self, weights: FusionWeights, device: torch.device | str = "cpu") -> LexicalScorer | None:
        """The weighted sum of the parts, on a device; ``None`` where none has a weight."""
        weighted = [(rows, getattr(weights, name)) for name, rows in self.rows.items()]
        if not any(weight for _, weight in weighted):
            return None
        return LexicalScorer.weighted(weighted).to(device)

    def bias_of(self, name: str, device: torch.device | str = "cpu") -> Tensor:
        """What one part with weight one adds to all documents' scores, ``[L]``, on a device."""
        bias = self.bias.get(name)
        return torch.zeros(self.rows[name].shape[0], device=device) if bias is None else bias.to(device)

    def weighted_bias(self, weights: FusionWeights, device: torch.device | str = "cpu") -> Tensor | None:
        """The weighted sum of the parts' biases, ``[L]``, on a device; ``None`` where it is of none."""
        used = [bias.to(device) * weight for name, bias in self.bias.items() if (weight := getattr(weights, name))]
        return sum(used[1:], used[0]) if used else None

    def weighted(self, weights: FusionWeights) -> tuple[dict[str, float], dict[str, CSR]]:
        """The weight of each part that has one, and its rows ``[L, V]`` times that."""
        used = {name: weight for name in self.rows if (weight := getattr(weights, name))}
        return used, {name: CSR.from_scipy(self.rows[name] * weight) for name, weight in used.items()}

    def single(self, name: str, device: torch.device | str = "cpu") -> LexicalScorer:
        """One part with weight one, on a device, without its bias."""
        return LexicalScorer.weighted([(self.rows[name], 1.0)]).to(device)
