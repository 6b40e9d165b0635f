"""From trained models to ranked labels, in memory and on disk."""

from .document_encoder import DocumentEncoder
from .join_rankers import join_rankers
from .joined_encoder import JoinedEncoder
from .label_ranker import BeamSearch, EnsembleRanker, Expansion, LabelRanker, Link
from .lexical_scorer import LexicalScorer, document_centroids
from .model_folder import load_model, save_model
from .predictor import Predictor

__all__ = [
    "BeamSearch",
    "DocumentEncoder",
    "EnsembleRanker",
    "Expansion",
    "JoinedEncoder",
    "LabelRanker",
    "LexicalScorer",
    "Link",
    "Predictor",
    "document_centroids",
    "join_rankers",
    "load_model",
    "save_model",
]
