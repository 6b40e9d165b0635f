"""Counts words of a stream of texts."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from .tokenize import tokenize

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def count_words(texts: Iterable[str], word_index: dict[str, int]) -> csr_matrix:
    """Word counts of a stream of texts, ``[texts, words so far]``; new words are added to ``word_index``.

    scikit-learn's CountVectorizer would do, but it keeps a Python list of all entries, and cannot be asked for the
    words of several streams in one pass.
    """
    if isinstance(texts, str):
        raise TypeError("expected an iterable of texts, got one text; write [text]")
    data, indices, indptr = array("f"), array("i"), array("q", [0])
    for text in texts:
        counts: dict[int, int] = {}
        for word in tokenize(text):
            i = word_index.setdefault(word, len(word_index))
            counts[i] = counts.get(i, 0) + 1
        indices.extend(counts.keys())
        data.extend(counts.values())
        indptr.append(len(indices))
    return to_csr(data, indices, indptr, len(word_index))


def to_csr(data: array[float], indices: array[int], indptr: array[int], num_cols: int) -> csr_matrix:
    """A matrix on the memory of the three buffers (types "f", "i", "q"), without a copy."""
    from scipy.sparse import csr_matrix

    arrays = (
        np.frombuffer(data, dtype=np.float32) if data else np.empty(0, dtype=np.float32),
        np.frombuffer(indices, dtype=np.int32) if indices else np.empty(0, dtype=np.int32),
        np.frombuffer(indptr, dtype=np.int64),
    )
    return csr_matrix(arrays, shape=(len(indptr) - 1, num_cols))
