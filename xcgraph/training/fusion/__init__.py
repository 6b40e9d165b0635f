"""Lexical scores beside a model's logits: the parts, candidates to weigh them on, and the search for weights."""

from .parts import LEXICAL, FusionWeights, LexicalParts
from .rerank import CrossFit, CrossFitted, fit_reranking
from .scores import CandidateMetrics, CandidateScores, candidate_scores
from .search import PRIOR, tune_game, tune_lexical

__all__ = [
    "LEXICAL",
    "PRIOR",
    "CandidateMetrics",
    "CandidateScores",
    "CrossFit",
    "CrossFitted",
    "FusionWeights",
    "LexicalParts",
    "candidate_scores",
    "fit_reranking",
    "tune_game",
    "tune_lexical",
]
