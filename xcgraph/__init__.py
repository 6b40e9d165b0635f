"""Extreme classification on label text and label graphs for PyTorch Geometric."""

__version__ = "0.1.0"
