"""Lexical scores beside a model's logits: the parts, candidates to weigh them on, and the search for weights."""

from .parts import LEXICAL, FusionWeights, LexicalParts
from .scores import CandidateMetrics, CandidateScores, candidate_scores
from .search import PRIOR, tune_game, tune_lexical

__all__ = [
    "LEXICAL",
    "PRIOR",
    "CandidateMetrics",
    "CandidateScores",
    "FusionWeights",
    "LexicalParts",
    "candidate_scores",
    "tune_game",
    "tune_lexical",
]
