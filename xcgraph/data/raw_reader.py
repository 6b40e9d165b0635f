"""Reads the JSON lines of a raw data folder, one record at a time."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .document import Document
from .filter_pairs import shorten
from .label import Label
from .lines import read_lines
from .report import Report


def read_labels(path: str | os.PathLike[str]) -> Iterator[Label]:
    """Yields the labels of ``lbl.json.gz`` (or ``.json``); a label's id is its position.

    Raises:
        DataError: if the file is missing or damaged, or a line is not a JSON object with ``uid`` and ``title``, or
            a uid comes twice.
    """
    report = Report()
    yield from iter_labels(Path(path), report)
    report.flush()


def iter_labels(path: Path, report: Report) -> Iterator[Label]:
    """Yields the labels; an empty one where ``report`` let a broken line pass, so that later ids do not move."""
    first_line: dict[str, int] = {}
    for number, record in read_objects(path, report):
        label = None if record is None else _parse_text(path, number, record, report)
        if label is None:
            yield Label("", "")
            continue
        uid, title, content = label
        first = first_line.setdefault(uid, number)
        if first != number:
            report.error(path, number, f"expected a new uid, got {shorten(uid)} of line {first} again")
        if not title.strip() and not content.strip():
            message = f"label {shorten(uid)} has no text: only its documents describe it"
            report.warning(path, number, message, "labels without text")
        yield Label(uid, title, content)


def read_documents(path: str | os.PathLike[str], num_labels: int) -> Iterator[Document]:
    """Yields the documents of ``trn.json.gz`` or ``tst.json.gz`` (or ``.json``).

    Labels named twice, and labels whose ``target_rel`` is zero or less, are left out of ``target_ind`` with a
    counted warning.

    Args:
        path: the file.
        num_labels: number of labels; targets must be below.

    Raises:
        DataError: if the file is missing or damaged, or a line is not a JSON object with ``uid``, ``title`` and a
            ``target_ind`` of label ids in range.
    """
    report = Report()
    for _, document in iter_documents(Path(path), num_labels, report):
        if document is not None:
            yield document
    report.flush()


def iter_documents(path: Path, num_labels: int, report: Report) -> Iterator[tuple[int, Document | None]]:
    """Yields ``(1-based line number, document)``; None where ``report`` let a broken line pass."""
    first_line: dict[str, int] = {}
    for number, record in read_objects(path, report):
        text = None if record is None else _parse_text(path, number, record, report)
        targets = None if record is None else _parse_targets(path, number, record, num_labels, report)
        if text is None or targets is None:
            yield number, None
            continue
        uid, title, content = text
        first = first_line.setdefault(uid, number)
        if first != number:
            message = f"uid {shorten(uid)} of line {first} again"
            report.warning(path, number, message, "documents whose uid was used before")
        if not title.strip() and not content.strip():
            message = f"document {shorten(uid)} has no text"
            report.warning(path, number, message, "documents without text")
        yield number, Document(uid, title, content, *targets)


def read_objects(
    path: Path, report: Report, skip_blank: bool = False, **options: str
) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yields every line that could be read as text; None where it is no JSON object (reported).

    Blank lines are such, unless ``skip_blank`` passes over them. ``options`` are those of :func:`read_lines`.
    """
    for number, line in read_lines(path, report, **options):
        if line is None:
            yield number, None
            continue
        if skip_blank and not line.strip():
            continue
        record: Any = None
        try:
            record = json.loads(line)
            if "\\ud" in line.lower():
                # A surrogate without its partner passes json and fails wherever the text is written later.
                json.dumps(record, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            report.error(path, number, "expected UTF-8 text, got a lone surrogate (\\ud800-\\udfff) in the JSON")
            record = None
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "cannot be parsed"
            report.error(path, number, f"expected a JSON object, got {shorten(line)} ({reason})")
        else:
            if not isinstance(record, dict):
                report.error(path, number, f"expected a JSON object, got {shorten(line)}")
                record = None
        yield number, record


def _parse_text(path: Path, number: int, record: dict[str, Any], report: Report) -> tuple[str, str, str] | None:
    uid, title, content = record.get("uid"), record.get("title"), record.get("content")
    if isinstance(uid, int) and not isinstance(uid, bool):
        uid = str(uid)
    for key, value in (("uid", uid), ("title", title), ("content", "" if content is None else content)):
        if not isinstance(value, str):
            got = "no such key" if key not in record else json.dumps(value, default=str)
            report.error(path, number, f"expected '{key}' to be a string, got {got[:60]}")
            return None
    if not uid:
        report.error(path, number, "expected 'uid' to be a string with at least one character, got an empty one")
        return None
    return str(uid), str(title), content or ""


def _parse_targets(
    path: Path, number: int, record: dict[str, Any], num_labels: int, report: Report
) -> tuple[list[int], list[float] | None] | None:
    targets, relevance = record.get("target_ind"), record.get("target_rel")
    if not isinstance(targets, list):
        got = "no such key" if "target_ind" not in record else json.dumps(targets)[:60]
        report.error(path, number, f"expected 'target_ind' to be a list of label ids, got {got}")
        return None
    for target in targets:
        if type(target) is not int:
            report.error(path, number, f"expected label ids in 'target_ind', got {json.dumps(target)[:60]}")
            return None
        if not 0 <= target < num_labels:
            report.error(path, number, f"expected labels below {num_labels} in 'target_ind', got {target}")
            return None
    if relevance is not None:
        if not isinstance(relevance, list) or len(relevance) != len(targets):
            got = f"{len(relevance)}" if isinstance(relevance, list) else json.dumps(relevance)[:60]
            report.error(path, number, f"expected 'target_rel' to be a list of {len(targets)} numbers, got {got}")
            return None
        for value in relevance:
            if type(value) not in (int, float) or not math.isfinite(value):
                report.error(path, number, f"expected numbers in 'target_rel', got {json.dumps(value)[:60]}")
                return None
        if any(value <= 0 for value in relevance):
            kind = "documents with labels of relevance zero or less, which are left out"
            report.warning(path, number, "a label has relevance zero or less", kind)
            kept = [(t, r) for t, r in zip(targets, relevance, strict=True) if r > 0]
            targets, relevance = [t for t, _ in kept], [r for _, r in kept]
    if len(set(targets)) != len(targets):
        report.warning(path, number, "a label is named twice", "documents that name a label twice, counted once")
        first = {target: i for i, target in reversed(list(enumerate(targets)))}
        order = sorted(first.values())
        relevance = None if relevance is None else [relevance[i] for i in order]
        targets = [targets[i] for i in order]
    return targets, relevance
