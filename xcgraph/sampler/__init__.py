"""Neighbour sampling on label graphs of millions of nodes."""

from .label_neighbor_sampler import LabelNeighborSampler
from .neighbor_csc import NeighborCSC
from .pyg_lib_backend import PygLibBackend
from .sampler_backend import SamplerBackend
from .torch_backend import TorchBackend
from .torch_sparse_backend import TorchSparseBackend

__all__ = [
    "LabelNeighborSampler",
    "NeighborCSC",
    "PygLibBackend",
    "SamplerBackend",
    "TorchBackend",
    "TorchSparseBackend",
]
