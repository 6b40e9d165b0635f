"""From trained models to ranked labels, in memory and on disk."""

from .document_encoder import DocumentEncoder
from .label_ranker import BeamSearch, EnsembleRanker, Expansion, LabelRanker
from .model_folder import load_model, save_model
from .predictor import Predictor

__all__ = [
    "BeamSearch",
    "DocumentEncoder",
    "EnsembleRanker",
    "Expansion",
    "LabelRanker",
    "Predictor",
    "load_model",
    "save_model",
]
