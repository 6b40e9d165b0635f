"""The front door from Python: texts, and labels by name."""

from __future__ import annotations

import logging
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, Literal

import numpy as np

from .document_collector import DocumentCollector, Unlisted
from .error import DataError
from .label import Label
from .lf_dataset import LFDataset
from .named_document import NamedDocument
from .vectorizer import Vectorizer

logger = logging.getLogger(__name__)


def from_texts(
    texts: Iterable[str],
    label_lists: Iterable[Iterable[str | int]],
    label_texts: Mapping[Any, str] | Sequence[str] | None = None,
    *,
    groups: Iterable[str | int] | None = None,
    test_fraction: float = 0.2,
    seed: int = 0,
    test_texts: Iterable[str] | None = None,
    test_label_lists: Iterable[Iterable[str | int]] | None = None,
    uids: Iterable[str | int] | None = None,
    test_uids: Iterable[str | int] | None = None,
    unlisted: Unlisted = "error",
    name: str = "texts",
    propensity: tuple[float, float] = (0.55, 1.5),
    **options: Any,
) -> LFDataset:
    """A data set, ready for training, from texts and the names of their labels.

    Without a test set, one is held out: the same text, or the same group, is always on the same side, now and with
    more data. Documents without text or labels are left out; a warning says how many. With ``uids``, a document
    and a label of one name are the same item (a product and the products that go with it), and what could be had
    without generalising is filtered, see :func:`~xcgraph.data.related_pairs`.

    Args:
        texts: N texts.
        label_lists: for each text, names of its labels (whole numbers are taken for names).
        label_texts: name -> text; or a sequence of texts, where names are the positions in it; None: names are
            the texts ("network-manager" and "NetworkManager" share words as they are).
        groups: for each text, what it belongs to, such as its author: never on both sides.
        test_fraction: share of groups, or texts, that are held out, above 0 and below 1.
        seed: another seed, another split.
        test_texts: N' texts to test with; nothing is held out then.
        test_label_lists: their labels.
        uids: for each text, its name; by default ``row-0``, ``row-1``, ...
        test_uids: for each test text, its name.
        unlisted: what becomes of labels that ``label_texts`` lacks: ``"error"``, ``"name"`` (the name is the text)
            or ``"drop"``.
        name: what to call the data set.
        propensity: constants (A, B).
        options: of :class:`~xcgraph.data.Vectorizer`.

    Returns:
        The data set. Labels are in the order of ``label_texts``, others in that of their appearance;
        ``train_uids`` and ``test_uids`` say where each document went.

    Raises:
        DataError: in one line, if lengths differ, something is no text, or a label has none, or nothing is left.
        ValueError: if an option is out of range, or arguments do not go together.
    """
    if (test_texts is None) != (test_label_lists is None):
        raise ValueError("expected both 'test_texts' and 'test_label_lists', or neither")
    if test_texts is not None and groups is not None:
        raise ValueError("expected either 'groups' to split by or 'test_texts', got both")
    if test_texts is not None and (uids is None) != (test_uids is None):
        raise ValueError("expected both 'uids' and 'test_uids', or neither")
    if test_texts is None and test_uids is not None:
        raise ValueError("expected 'test_texts' for 'test_uids', got none")
    vectorizer = Vectorizer(**options)
    labels = None if label_texts is None else _labels(label_texts)
    collector = DocumentCollector(labels, unlisted, test_fraction, seed, related=uids is not None)
    given = test_texts is not None
    documents = list(_documents("", texts, label_lists, groups, uids, "train" if given else None))
    if test_texts is not None and test_label_lists is not None:
        documents += _documents("test_", test_texts, test_label_lists, None, test_uids, "test")
    for document in documents:
        collector.add(document)
    splits = collector.finish()
    report = collector.report(splits)
    logger.info("%s: %s", name, report)
    left_out = ", ".join(f"{count} {reason}" for reason, count in report.dropped.items() if count)
    if left_out:
        logger.warning("%s: left out: %s", name, left_out)
    streams = {split: (documents[row].title for row in kept.rows.tolist()) for split, kept in splits.items()}
    label_x, train_x = vectorizer.fit_transform((label.title for label in collector.labels), streams["train"])
    train, test = splits["train"], splits["test"]
    return LFDataset(
        name=name,
        train_x=train_x,
        test_x=vectorizer.transform(streams["test"]),
        label_x=label_x,
        train_y=train.y,
        test_y=test.y,
        train_filter=train.pairs,
        test_filter=test.pairs,
        label_uids=[label.uid for label in collector.labels],
        label_titles=[label.title for label in collector.labels],
        test_uids=test.uids,
        train_uids=train.uids,
        vectorizer=vectorizer,
        propensity=propensity,
    )


def _documents(
    prefix: str,
    texts: Iterable[str],
    label_lists: Iterable[Iterable[str | int]],
    groups: Iterable[str | int] | None,
    uids: Iterable[str | int] | None,
    split: Literal["train", "test"] | None,
) -> Iterator[NamedDocument]:
    columns = {"texts": texts, "label_lists": label_lists, "groups": groups, "uids": uids}
    rows = {key: _rows(prefix + key, values) for key, values in columns.items() if values is not None}
    for key, values in rows.items():
        if len(values) != len(rows["texts"]):
            raise DataError(
                f"expected as many entries in '{prefix}{key}' as in '{prefix}texts', {len(rows['texts'])}, "
                f"got {len(values)}"
            )
    for i, text in enumerate(rows["texts"]):
        place = f"{prefix}label_lists[{i}]"
        names = _rows(place, rows["label_lists"][i])
        yield NamedDocument(
            title=_text(f"{prefix}texts[{i}]", text),
            content="",
            labels=[_name(place, name) for name in names],
            uid=_name(f"{prefix}uids[{i}]", rows["uids"][i]) if "uids" in rows else None,
            group=_name(f"{prefix}groups[{i}]", rows["groups"][i]) if "groups" in rows else "",
            split=split,
            path=place,
        )


def _labels(label_texts: Mapping[Any, str] | Sequence[str]) -> Iterator[Label]:
    if not isinstance(label_texts, Mapping):
        label_texts = dict(enumerate(_rows("label_texts", label_texts)))
    for key, text in label_texts.items():
        yield Label(_name("label_texts", key), _text(f"label_texts[{key!r}]", text))


def _rows(place: str, values: Any) -> list[Any]:
    """The entries of a list, an array, a column of a table; not the letters of a text."""
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise DataError(f"expected a list, got {reprlib.repr(values)}; write [...] around a single entry", place)
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _name(place: str, value: Any) -> str:
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(value)
    name = _text(place, value).strip()
    if not name:
        raise DataError("expected a name, got an empty text", place)
    return name


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str):
        raise DataError(f"expected text, got {reprlib.repr(value)}", place)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        message = f"expected text that UTF-8 can write, got a lone surrogate in {value[:60]!a}"
        raise DataError(message, place) from error
    return value
