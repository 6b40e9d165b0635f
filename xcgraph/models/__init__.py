"""DECAF and ECLARE, composed of :mod:`xcgraph.layers`; they know nothing of files or optimisers."""

from .decaf import DECAF
from .document_tower import DocumentTower
from .eclare import ECLARE
from .label_model import LabelModel

__all__ = ["DECAF", "ECLARE", "DocumentTower", "LabelModel"]
