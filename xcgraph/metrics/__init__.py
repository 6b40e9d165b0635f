"""Precision, nDCG and recall at k, plain and propensity-scored, by the conventions of extreme classification.

The metrics are PyG link prediction metrics and can be mixed with PyG's own; :class:`Evaluator` computes the fixed
set that every run reports.
"""

from .calibration_error import calibration_error
from .evaluator import Evaluator
from .filter_predictions import filter_matrix, filter_predictions
from .paired_bootstrap import paired_bootstrap
from .propensity import inverse_propensity
from .ps_metric import PSMetric
from .ps_ndcg import PSNDCG
from .ps_precision import PSPrecision
from .read_predictions import read_predictions
from .top_k import MISSING, top_k
from .xc_metric import XCMetric
from .xc_ndcg import XCNDCG
from .xc_precision import XCPrecision
from .xc_recall import XCRecall

__all__ = [
    "MISSING",
    "PSNDCG",
    "XCNDCG",
    "Evaluator",
    "PSMetric",
    "PSPrecision",
    "XCMetric",
    "XCPrecision",
    "XCRecall",
    "calibration_error",
    "filter_matrix",
    "filter_predictions",
    "inverse_propensity",
    "paired_bootstrap",
    "read_predictions",
    "top_k",
]
