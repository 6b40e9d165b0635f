"""Batches of label graphs too large to propagate over at once, and what feeds and follows them."""

from .csr_feature_store import CSRFeatureStore
from .label_neighbor_loader import LabelNeighborLoader
from .layerwise_inference import LayerwiseInference

__all__ = ["CSRFeatureStore", "LabelNeighborLoader", "LayerwiseInference"]
