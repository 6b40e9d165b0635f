"""From trained models to ranked labels, in memory and on disk."""

from .calibration import Calibration
from .centre_labels import centre_labels
from .clustered_labels import ClusteredLabels
from .decision_trees import DecisionTrees
from .document_encoder import DocumentEncoder
from .edit_labels import add_labels, remove_labels, rename_label
from .encoder_module import EncoderModule
from .explainer import Explainer
from .explanation import Explanation
from .export_encoder import export_encoder
from .export_model import export_model
from .freeze import freeze
from .frozen_beam_search import FrozenBeamSearch
from .frozen_encoder import FrozenEncoder
from .frozen_ensemble import FrozenEnsemble
from .frozen_expansion import FrozenExpansion
from .frozen_index import FrozenIndex
from .frozen_model import FrozenModel
from .hit import Hit
from .join_rankers import join_rankers
from .joined_encoder import JoinedEncoder
from .label_composer import LabelComposer
from .label_parts import LabelParts
from .label_ranker import BeamSearch, EnsembleRanker, Expansion, LabelRanker, Link
from .lexical_scorer import LexicalScorer, document_centroids
from .model_folder import StoredModel, load_model, save_model
from .predictor import Predictor
from .projected_labels import ProjectedLabels
from .reranker import Reranker, Reranking, describe_labels
from .row_matrix import RowMatrix
from .token_postings import TokenPostings

__all__ = [
    "BeamSearch",
    "Calibration",
    "ClusteredLabels",
    "DecisionTrees",
    "DocumentEncoder",
    "EncoderModule",
    "EnsembleRanker",
    "Expansion",
    "Explainer",
    "Explanation",
    "FrozenBeamSearch",
    "FrozenEncoder",
    "FrozenEnsemble",
    "FrozenExpansion",
    "FrozenIndex",
    "FrozenModel",
    "Hit",
    "JoinedEncoder",
    "LabelComposer",
    "LabelParts",
    "LabelRanker",
    "LexicalScorer",
    "Link",
    "Predictor",
    "ProjectedLabels",
    "Reranker",
    "Reranking",
    "RowMatrix",
    "StoredModel",
    "TokenPostings",
    "add_labels",
    "centre_labels",
    "describe_labels",
    "document_centroids",
    "export_encoder",
    "export_model",
    "freeze",
    "join_rankers",
    "load_model",
    "remove_labels",
    "rename_label",
    "save_model",
]
