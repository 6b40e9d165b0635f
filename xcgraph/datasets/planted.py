"""The data set ``planted``: synthetic, of any size, as files or as matrices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from xcgraph.data import BuildReport, Document, Label, write_raw_folder

from .planted_source import PlantedSource

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from xcgraph.data import LFDataset

_SYLLABLES = np.array([c + v for c in "bcdfghjklmnprstvwxyz" for v in "aeiou"], dtype=object)


def build_planted(
    out: str | os.PathLike[str],
    num_labels: int = 1000,
    num_train: int | None = None,
    num_test: int | None = None,
    labels_per_community: int | None = None,
    num_communities: int | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> BuildReport:
    """Writes a synthetic data set, for tests and scale benchmarks; :class:`PlantedSource` describes it.

    Documents and labels are streamed: beside one chunk, memory holds a counter for each label. The same arguments
    give the same bytes.

    Args:
        out: the raw data folder to write.
        num_labels: L, 10 to 10^7.
        num_train: training documents, at least L; default 2.249 L.
        num_test: test documents; default 0.457 of ``num_train``.
        labels_per_community: default 12.
        num_communities: instead of ``labels_per_community``.
        seed: the same seed gives the same bytes.
        overwrite: replace the files that ``out`` holds.

    Raises:
        ValueError: if a number is out of range.
        FileExistsError: if ``out`` holds files and ``overwrite`` is not set.
    """
    source = PlantedSource(num_labels, num_train, num_test, labels_per_community, num_communities, seed)
    frequency = np.zeros(num_labels, dtype=np.int32)
    pairs = {"train": 0, "test": 0}
    words = planted_words(source.num_words)

    def labels() -> Iterator[Label]:
        for start, tokens in source.labels():
            for number, row in enumerate(tokens.tolist(), start):
                yield Label(f"l{number}", " ".join([words[token] for token in row]))

    def documents(split: Literal["train", "test"]) -> Iterator[Document]:
        for start, ids, tokens in source.documents(split):
            present = ids[ids >= 0]
            pairs[split] += len(present)
            if split == "train":
                np.add.at(frequency, present, 1)
            for number, (row, target) in enumerate(zip(tokens.tolist(), ids.tolist(), strict=True), start):
                title = " ".join([words[token] for token in row if token >= 0])
                yield Document(f"{split}{number}", title, "", [label for label in target if label >= 0])

    write_raw_folder(out, train=documents("train"), test=documents("test"), labels=labels(), overwrite=overwrite)
    return BuildReport(
        train=source.num_train,
        test=source.num_test,
        labels=num_labels,
        train_pairs=pairs["train"],
        test_pairs=pairs["test"],
        tail_labels=int((frequency < 5).sum()),
    )


def planted_matrices(
    num_labels: int = 1000,
    num_train: int | None = None,
    num_test: int | None = None,
    labels_per_community: int | None = None,
    num_communities: int | None = None,
    seed: int = 0,
) -> LFDataset:
    """The data of :func:`build_planted` as matrices, without text or files: for benchmarks of scale.

    Columns are the token ids of :class:`PlantedSource`; values are TF-IDF ``(1 + ln tf) * idf`` with
    ``idf = ln((1 + n) / (1 + df)) + 1`` over all training documents and labels; rows have L2 norm 1. Titles of
    labels are empty, and there is no vectoriser. The arguments are those of :func:`build_planted`.

    Returns:
        An LFDataset with ``train_x`` ``[N, V]``, ``label_x`` ``[L, V]``, ``train_y`` ``[N, L]`` and so on.

    Raises:
        ValueError: if a number is out of range.
    """
    from xcgraph.data import LFDataset

    source = PlantedSource(num_labels, num_train, num_test, labels_per_community, num_communities, seed)
    width = source.num_words

    train_x, train_y = _collect(lambda: source.documents("train"), width, num_labels)
    test_x, test_y = _collect(lambda: source.documents("test"), width, num_labels)
    label_x = _stack([_count_rows(tokens, width) for _, tokens in source.labels()], width)
    seen = np.bincount(train_x.indices, minlength=width) + np.bincount(label_x.indices, minlength=width)
    idf = (np.log((1 + train_x.shape[0] + num_labels) / (1 + seen)) + 1).astype(np.float32)
    for matrix in (train_x, test_x, label_x):
        _weigh(matrix, idf)
    nothing = np.empty((0, 2), dtype=np.int64)
    return LFDataset(
        name=f"planted-{num_labels}",
        train_x=train_x,
        test_x=test_x,
        label_x=label_x,
        train_y=train_y,
        test_y=test_y,
        train_filter=nothing,
        test_filter=nothing.copy(),
        label_uids=[f"l{number}" for number in range(num_labels)],
        label_titles=[""] * num_labels,
        train_uids=[f"train{number}" for number in range(source.num_train)],
        test_uids=[f"test{number}" for number in range(source.num_test)],
        vectorizer=None,
    )


def planted_words(count: int) -> list[str]:
    """Made-up words for the tokens ``0 .. count - 1``: three syllables each, all different (up to a million)."""
    number = np.arange(count)
    return (_SYLLABLES[number % 100] + _SYLLABLES[number // 100 % 100] + _SYLLABLES[number // 10000]).tolist()


def _collect(
    chunks: Callable[[], Iterator[tuple[int, np.ndarray, np.ndarray]]], width: int, num_labels: int
) -> tuple[csr_matrix, csr_matrix]:
    features, labels = [], []
    for _, ids, tokens in chunks():
        features.append(_count_rows(tokens, width))
        labels.append(_count_rows(ids, num_labels))
    return _stack(features, width), _stack(labels, num_labels)


def _count_rows(columns: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row sizes, sorted columns and how often each occurs in its row; -1 is no column."""
    columns = np.sort(columns, axis=1).astype(np.int32)
    first = columns >= 0
    first[:, 1:] &= columns[:, 1:] != columns[:, :-1]
    flat = np.flatnonzero(columns >= 0)
    starts = np.flatnonzero(first.ravel()[flat])
    count = np.diff(starts, append=len(flat)).astype(np.float32)
    return first.sum(axis=1), columns.ravel()[flat[starts]], count


def _stack(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]], width: int) -> csr_matrix:
    from scipy.sparse import csr_matrix

    sizes = np.concatenate([part[0] for part in parts])
    indices = np.concatenate([part[1] for part in parts])
    data = np.concatenate([part[2] for part in parts])
    indptr = np.zeros(len(sizes) + 1, dtype=np.int32 if len(indices) < 2**31 else np.int64)
    np.cumsum(sizes, out=indptr[1:])
    matrix = csr_matrix((data, indices, indptr), shape=(len(sizes), width))
    matrix.has_sorted_indices = True
    return matrix


def _weigh(matrix: csr_matrix, idf: np.ndarray) -> None:
    """Counts to TF-IDF in place; every row has an entry."""
    np.log(matrix.data, out=matrix.data)
    matrix.data += 1
    matrix.data *= idf[matrix.indices]
    norm = np.sqrt(np.add.reduceat(matrix.data * matrix.data, matrix.indptr[:-1]))
    matrix.data /= np.repeat(norm, np.diff(matrix.indptr))
