import pytest

from xcgraph.datasets import find_dataset
from xcgraph.training.preflight import ProblemSize


def test_of_data(tiny):
    size = ProblemSize.from_data(tiny)
    assert (size.documents, size.test_documents, size.labels) == (60, 20, 12)
    assert (size.document_entries, size.pairs) == (tiny.train_x.nnz, tiny.train_y.nnz)
    assert (size.test_entries, size.label_entries) == (tiny.test_x.nnz, tiny.label_x.nnz)


def test_of_published_sizes():
    size = ProblemSize.from_info(find_dataset("LF-AmazonTitles-131K"), 10)
    assert (size.documents, size.labels, size.tokens) == (294_805, 131_073, 40_000)
    assert size.document_entries == 2_948_050 and size.pairs == pytest.approx(675_103, abs=1)


def test_sizes_that_nobody_published():
    with pytest.raises(ValueError, match="debian: its size depends on how it is built"):
        ProblemSize.from_info(find_dataset("debian"), 10)
    assert ProblemSize.from_info(find_dataset("debian"), 10, tokens=500).tokens == 500
