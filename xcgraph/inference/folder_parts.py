"""What all model folders have in common: configuration, checksums, label names, vectoriser."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError

from xcgraph.data import Vectorizer

from .calibration import Calibration

#: Of the folder; a reader refuses what is newer. 1 had no joined encoders, 2 no checksums,
#: 3 no order of the best labels.
FORMAT_VERSION = 4

_BLOCK = 1 << 20


class FolderParts(NamedTuple):
    """What :func:`read_parts` finds.

    Args:
        config: ``config.json``.
        label_uids: L names.
        label_titles: L titles.
        vectorizer: ``None`` for a model of features that came without texts.
    """

    config: dict[str, Any]
    label_uids: list[str]
    label_titles: list[str]
    vectorizer: Vectorizer | None


def write_parts(
    work: Path,
    kind: str,
    vectorizer: Vectorizer | None,
    label_uids: list[str],
    label_titles: list[str],
    config: dict[str, Any],
) -> None:
    """Writes the common files into a folder whose other files are there already; ``config.json`` last.

    Args:
        work: the folder.
        kind: ``"trained"`` or ``"frozen"``.
        vectorizer: or ``None``.
        label_uids: L names.
        label_titles: L titles.
        config: json values; gets the version, the kind, and size and SHA-256 of every file.
    """
    if vectorizer is not None:
        vectorizer.save(work / "vectorizer")
    labels = {"uids": label_uids, "titles": label_titles}
    (work / "labels.json").write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
    config = {
        **config,
        "format_version": FORMAT_VERSION,
        "kind": kind,
        # Said in so many words, for the folder may hold the vectoriser of an older model.
        "vectorizer": vectorizer is not None,
        "files": describe_files(work),
    }
    (work / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of every file of a folder but ``config.json`` itself, by its path in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / "config.json")
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in files
    }


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Around what reads a folder: whatever is wrong with it becomes one ``ValueError`` that names it.

    Raises:
        FileNotFoundError: before the block, if there is no ``config.json``.
    """
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder}: expected a model folder with a config.json; 'run' writes one, model/")
    try:
        yield
    except KeyError as error:
        raise ValueError(f"{folder}: cannot be read as a model: {error} is missing") from None
    except (ValueError, TypeError, AttributeError, IndexError, RuntimeError) as error:
        raise ValueError(f"{folder}: cannot be read as a model: {_one_line(error)}") from None
    except (EOFError, SafetensorError, OSError) as error:
        raise ValueError(f"{folder}: cannot be read as a model: {_one_line(error)}") from None


def read_config(folder: Path) -> dict[str, Any]:
    """``config.json`` of a folder of a version that is known.

    Raises:
        ValueError: if the folder is newer, or damaged.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    version = config["format_version"]
    if version > FORMAT_VERSION:
        raise ValueError(f"it is of format {version}, this xcgraph reads up to {FORMAT_VERSION}: update xcgraph")
    Calibration.from_config(config)  # so that one that is none is found on load
    return dict(config)


def read_parts(folder: Path, config: dict[str, Any], own_files: list[str], verify: bool) -> FolderParts:
    """Checks all files, and reads those that :func:`write_parts` wrote.

    Args:
        folder: of the model.
        config: as :func:`read_config` gives it.
        own_files: files that the caller will read.
        verify: compare checksums, and not only sizes.

    Raises:
        ValueError: if files are missing, or not those that were written.
    """
    if config["format_version"] >= 3:
        check_files(folder, config["files"], [*own_files, "labels.json"], verify)
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    for name in ("uids", "titles"):
        if not isinstance(labels[name], list) or not all(isinstance(item, str) for item in labels[name]):
            raise ValueError(f"labels.json: expected '{name}' to be a list of strings")
    if len(labels["uids"]) != len(labels["titles"]):
        raise ValueError(f"labels.json: {len(labels['uids'])} uids, but {len(labels['titles'])} titles")
    vectorizer = Vectorizer.load(folder / "vectorizer") if config["vectorizer"] else None
    return FolderParts(config, labels["uids"], labels["titles"], vectorizer)


def check_files(folder: Path, listed: dict[str, dict[str, Any]], needed: list[str], verify: bool) -> None:
    """Compares the files of a folder with what ``config.json`` says of them.

    Raises:
        ValueError: if one is missing or another, or one that is needed is not listed.
    """
    for name in needed:
        if name not in listed:
            raise ValueError(f"config.json does not list {name}")
    for name, expected in listed.items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{name} is missing; copy the whole folder again")
        size = path.stat().st_size
        if size != expected["bytes"]:
            raise ValueError(f"{name} is damaged: expected {expected['bytes']} bytes, got {size}; copy it again")
        if verify and _sha256(path) != expected["sha256"]:
            raise ValueError(f"{name} is damaged: its checksum is not the one in config.json; copy it again")


def check_counts(parts: FolderParts, num_labels: set[int], num_tokens: set[int]) -> None:
    """Whether all files speak of the same labels and tokens.

    Raises:
        ValueError: if they do not.
    """
    sizes = {len(parts.label_uids), *num_labels}
    if len(sizes) != 1:
        raise ValueError(f"its files disagree on the number of labels: {sorted(sizes)}")
    sizes = num_tokens | ({parts.vectorizer.num_features} if parts.vectorizer is not None else set())
    if len(sizes) != 1:
        raise ValueError(f"its files disagree on the number of tokens: {sorted(sizes)}")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
