"""From items and what they name to a raw data folder: split, labels, filter pairs."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from xcgraph.data import BuildReport, DataError, Document, Label, hash_share, write_raw_folder

from .item import Item

logger = logging.getLogger(__name__)

_TEST_SHARE = 0.25


def is_test_group(group: str) -> bool:
    """Whether the documents of a group are test documents: decided by the group's name alone.

    Its :func:`~xcgraph.data.hash_share` is below a quarter, so that a newer version of the source keeps the split.
    """
    return hash_share(group) < _TEST_SHARE


def write_related_items(
    out: str | os.PathLike[str],
    items: Mapping[str, Item],
    related: Mapping[str, Collection[str]],
    left_out: Mapping[str, Collection[str]] | None = None,
    overwrite: bool = False,
    dropped: Mapping[str, int] | None = None,
) -> BuildReport:
    """Writes an item-to-item data set: documents are items, their labels the items that they name.

    * Documents are split by :func:`is_test_group` of their group and sorted by uid, and so are the labels.
    * A label has text and a training document; other names are left out and counted.
    * The filter files list pairs that must count neither as hit nor as miss: the document itself, the pairs of
      ``left_out``, and for a test document every label whose own training document names it, for that pair could
      be had by memory alone. Listed pairs leave the truth.
    * Documents without labels are left out.

    Args:
        out: the folder, see :func:`~xcgraph.data.write_raw_folder`.
        items: uid -> item.
        related: uid of a document -> uids that it names, all in ``items``.
        left_out: uid of a document -> uids that it names but that a rule withheld from ``related``.
        overwrite: replace the files that ``out`` holds.
        dropped: what the caller left out already, for the report.

    Returns:
        The counts of what was written and left out.

    Raises:
        DataError: if no training document with labels is left.
        FileExistsError: if ``out`` holds files and ``overwrite`` is not set.
    """
    left_out = left_out or {}
    counts = dict(dropped or {})
    titled = {uid for uid, item in items.items() if item.title.strip() or item.content.strip()}
    train: dict[str, set[str]] = {}
    test: dict[str, set[str]] = {}
    for uid in sorted(related):
        names = set(related[uid]) - {uid}
        if names:
            (test if is_test_group(items[uid].group) else train)[uid] = names

    frequency = Counter(name for names in train.values() for name in names)
    named = frequency.keys() | {name for names in test.values() for name in names}
    labels = sorted(frequency.keys() & titled)
    if not labels:
        raise DataError(f"{out}: expected documents that name others, got none; nothing to build")
    label_id = {uid: index for index, uid in enumerate(labels)}
    counts["labels without a training document"] = len(named - frequency.keys())
    counts["labels without text"] = len(frequency.keys() - titled)
    train = _only_known(train, label_id)
    known_test = _only_known(test, label_id)
    counts["test documents without labels"] = len(test) - len(known_test)

    mirrored: dict[str, set[str]] = {uid: set() for uid in known_test}
    for label in label_id.keys() & train.keys():
        for uid in train[label] & known_test.keys():
            mirrored[uid].add(label)
    open_test = {uid: names - mirrored[uid] for uid, names in known_test.items()}
    test = {uid: names for uid, names in open_test.items() if names}
    test_pairs = sum(map(len, test.values()))
    counts["reciprocal pairs of test documents"] = sum(map(len, known_test.values())) - test_pairs
    counts["test documents with reciprocal pairs only"] = len(known_test) - len(test)

    def documents(part: Mapping[str, set[str]]) -> Iterator[Document]:
        for uid, names in part.items():
            item = items[uid]
            yield Document(uid, item.title, item.content, sorted(label_id[name] for name in names))

    def filter_pairs(part: Mapping[str, set[str]], extra: Mapping[str, set[str]]) -> Iterator[tuple[int, int]]:
        for row, uid in enumerate(part):
            listed = {uid, *left_out.get(uid, ()), *extra.get(uid, ())} & label_id.keys()
            # A rule may withhold a pair that another field of the same document gives.
            yield from ((row, index) for index in sorted(label_id[name] for name in listed - part[uid]))

    written = write_raw_folder(
        out,
        train=documents(train),
        test=documents(test),
        labels=(Label(uid, items[uid].title, items[uid].content) for uid in labels),
        filter_train=filter_pairs(train, {}),
        filter_test=filter_pairs(test, mirrored),
        overwrite=overwrite,
    )
    report = BuildReport(
        train=len(train),
        test=len(test),
        labels=len(labels),
        train_pairs=sum(frequency[label] for label in labels),
        test_pairs=test_pairs,
        tail_labels=sum(frequency[label] < 5 for label in labels),
        dropped=counts,
        filter_pairs=written["filter_train"] + written["filter_test"],
    )
    logger.info("%s: %s", out, report)
    return report


def _only_known(part: Mapping[str, set[str]], known: Mapping[str, int]) -> dict[str, set[str]]:
    kept = {uid: names & known.keys() for uid, names in part.items()}
    return {uid: names for uid, names in kept.items() if names}
