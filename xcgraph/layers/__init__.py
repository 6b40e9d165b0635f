"""Layers for label text and label graphs, for models of one's own as much as for ``xcgraph.models``.

They depend on torch, torch_geometric and :mod:`xcgraph.sparse` alone.
"""

from .bag_embedding import BagEmbedding
from .gale import GALE
from .game import GAME
from .gated_combine import GatedCombine
from .gated_residual_block import GatedResidualBlock
from .gated_sum import GatedSum
from .label_attention import LabelAttention
from .label_classifier import LabelClassifier, score_shortlist
from .label_propagation import LabelPropagation
from .residual_block import ResidualBlock
from .spectral_linear import SpectralLinear

__all__ = [
    "GALE",
    "GAME",
    "BagEmbedding",
    "GatedCombine",
    "GatedResidualBlock",
    "GatedSum",
    "LabelAttention",
    "LabelClassifier",
    "LabelPropagation",
    "ResidualBlock",
    "SpectralLinear",
    "score_shortlist",
]
