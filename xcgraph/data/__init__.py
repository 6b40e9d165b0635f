"""What a data set is: documents, labels with text, relevance, and the files they live in."""

from .atomic import atomic_folder
from .build_report import BuildReport
from .check import check_folder, examine_folder
from .document import Document
from .document_collector import DocumentCollector
from .error import DataError
from .filter_pairs import (
    mirrored_pairs,
    most_pairs,
    no_pairs,
    own_pairs,
    pairs_matrix,
    read_filter_pairs,
    related_pairs,
    select_filter_rows,
    write_filter_pairs,
)
from .finding import Finding
from .folder_format import folder_format
from .from_texts import from_texts
from .health_report import HealthReport
from .import_tables import import_tables
from .joint_text import read_joint_text, write_joint_text
from .label import Label
from .lf_dataset import LFDataset
from .named_document import NamedDocument
from .problem import Problem
from .raw_reader import read_documents, read_labels
from .raw_writer import write_raw_folder
from .sparse_text import read_sparse_text, write_sparse_text
from .split import near_duplicate_groups
from .table_layout import TableLayout
from .text_hash import hash_share, normal_text, text_hash
from .text_listener import TextListener
from .tokenize import tokenize
from .unseen_tokens import drop_unseen_tokens
from .vectorizer import Vectorizer
from .xmlrepo_writer import write_xmlrepo_folder

__all__ = [
    "BuildReport",
    "DataError",
    "Document",
    "DocumentCollector",
    "Finding",
    "HealthReport",
    "LFDataset",
    "Label",
    "NamedDocument",
    "Problem",
    "TableLayout",
    "TextListener",
    "Vectorizer",
    "atomic_folder",
    "check_folder",
    "drop_unseen_tokens",
    "examine_folder",
    "folder_format",
    "from_texts",
    "hash_share",
    "import_tables",
    "mirrored_pairs",
    "most_pairs",
    "near_duplicate_groups",
    "no_pairs",
    "normal_text",
    "own_pairs",
    "pairs_matrix",
    "read_documents",
    "read_filter_pairs",
    "read_joint_text",
    "read_labels",
    "read_sparse_text",
    "related_pairs",
    "select_filter_rows",
    "text_hash",
    "tokenize",
    "write_filter_pairs",
    "write_joint_text",
    "write_raw_folder",
    "write_sparse_text",
    "write_xmlrepo_folder",
]
