"""Where data sets come from: a registry of names, builders of real and synthetic sets, and published sizes."""

from xcgraph.data import BuildReport

from .dataset_info import DatasetInfo
from .debian import build_debian
from .item import Item
from .planted import build_planted, planted_matrices
from .planted_source import PlantedSource
from .published_result import PublishedResult, published_results
from .registry import (
    DATASETS,
    available,
    build_dataset,
    build_options,
    data_root,
    find_dataset,
    load_dataset,
)
from .related_items import is_test_group, write_related_items
from .wordnet import build_wordnet, wordnet_folder

__all__ = [
    "DATASETS",
    "BuildReport",
    "DatasetInfo",
    "Item",
    "PlantedSource",
    "PublishedResult",
    "available",
    "build_dataset",
    "build_debian",
    "build_options",
    "build_planted",
    "build_wordnet",
    "data_root",
    "find_dataset",
    "is_test_group",
    "load_dataset",
    "planted_matrices",
    "published_results",
    "wordnet_folder",
    "write_related_items",
]
