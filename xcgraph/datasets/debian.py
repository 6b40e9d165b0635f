"""The data sets ``debian`` and ``debian-rse``: which packages go with this one."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from xcgraph.data import BuildReport

from .apt import AptFiles, apt_files, paragraphs
from .item import Item
from .related_items import write_related_items

logger = logging.getLogger(__name__)

_MAX_LABELS = 100
# In a small index, one document is more than 1 %.
_NEVER_HUB = 5


@dataclass(frozen=True)
class _Rules:
    """What tells the two sets apart.

    Args:
        fields: the package relations that become labels.
        no_labels: sections whose packages are no labels.
        max_share: a label that a larger share of the documents has is left out.
    """

    fields: tuple[str, ...]
    no_labels: frozenset[str]
    max_share: float


_WEAK = ("Recommends", "Suggests", "Enhances")
_RULES = {
    # Dependencies are mostly on libraries and interpreters, and say little of what a package is for.
    "debian": _Rules(("Depends", "Pre-Depends", *_WEAK), frozenset(("libs", "oldlibs")), 0.01),
    # People write these by hand: a library among them is there for a reason, and no label is everywhere.
    "debian-rse": _Rules(_WEAK, frozenset(("oldlibs",)), 1.0),
}
_NO_DOCUMENTS = frozenset(("oldlibs", "debug", "kernel"))
_Part: TypeAlias = list[tuple[tuple[int, ...], int]]
_NAME = re.compile(r"[^\s(:\[<]+")


def build_debian(
    out: str | os.PathLike[str],
    kind: Literal["debian", "debian-rse"] = "debian",
    packages: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    translations: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    descriptions: bool = False,
    overwrite: bool = False,
) -> BuildReport:
    """Builds a recommendation task from the package index of Debian or Ubuntu.

    A document is a binary package (title: ``name: short description``; content: the long description where there
    is one); its labels are the packages that it names in Depends, Pre-Depends, Recommends, Suggests and Enhances
    (Enhances in both directions); the text of a label is that package's own. ``debian-rse`` uses Recommends,
    Suggests and Enhances only.

    Alternatives (``a | b``) count as separate names. A virtual name with one provider becomes that provider; other
    names that are no packages go. Of a package with several versions, the newest counts, as for apt.

    Left out are documents in the sections oldlibs, debug and kernel, and those with more than 100 labels
    (metapackages); pairs within one source package (they go to the filter files); labels in the section oldlibs.
    ``debian`` also leaves out labels in the section libs and labels that more than 1 % of the documents have.
    Packages of one source are in one split.

    Licence: the texts are the packages' own metadata, under their own terms; build the set where it is used.

    Args:
        out: the raw data folder to write.
        kind: ``"debian"`` or ``"debian-rse"``.
        packages: ``Packages`` file or files, in any compression; None takes the index that apt keeps, and fetches
            it without root where apt keeps none.
        translations: ``Translation-en`` file or files with the long descriptions that belong to ``packages``.
        descriptions: fetch the long descriptions, which containers often do without (needs a network).
        overwrite: replace the files that ``out`` holds.

    Returns:
        The counts of what was written and left out.

    Raises:
        DataError: if there is no index, or it cannot be read.
        ValueError: if ``kind`` is unknown, or the options contradict one another.
        FileExistsError: if ``out`` holds files and ``overwrite`` is not set.
    """
    if kind not in _RULES:
        raise ValueError(f"expected kind 'debian' or 'debian-rse', got {kind!r}")
    rules = _RULES[kind]
    with _index_files(packages, translations, descriptions) as files:
        index = _read_packages(files.packages)
        long_text = _read_translations(files.translations, index)
    source = {name: (entry.get("Source") or name).split()[0] for name, entry in index.items()}
    section = {name: entry.get("Section", "").rpartition("/")[2] for name, entry in index.items()}

    named = _relations(index, rules.fields)
    no_document = f"packages that are no documents ({', '.join(sorted(_NO_DOCUMENTS))})"
    too_many = f"documents with more than {_MAX_LABELS} labels"
    dropped = {no_document: 0, too_many: 0}
    related: dict[str, set[str]] = {}
    siblings: dict[str, set[str]] = {}
    for name, others in named.items():
        if section[name] in _NO_DOCUMENTS:
            dropped[no_document] += 1
            continue
        others = {other for other in others if section[other] not in rules.no_labels}
        own = {other for other in others if source[other] == source[name]}
        if len(others) - len(own) > _MAX_LABELS:
            dropped[too_many] += 1
            continue
        if own:
            siblings[name] = own
        if len(others) > len(own):
            related[name] = others - own
    frequency = Counter(other for others in related.values() for other in others)
    limit = max(_NEVER_HUB, rules.max_share * len(related))
    hubs = {other for other, count in frequency.items() if count > limit}
    if hubs:
        dropped[f"labels of more than {100 * rules.max_share:g} % of the documents"] = len(hubs)
        related = {name: others - hubs for name, others in related.items()}

    items = {
        name: Item(source[name], _title(name, entry), long_text.get(name, "")) for name, entry in index.items()
    }
    return write_related_items(out, items, related, siblings, overwrite, dropped)


@contextmanager
def _index_files(
    packages: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None,
    translations: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None,
    descriptions: bool,
) -> Iterator[AptFiles]:
    if packages is None:
        if translations is not None:
            raise ValueError("'translations' belongs to 'packages'; ask for 'descriptions' to fetch apt's own")
        with apt_files(descriptions) as files:
            yield files
    else:
        if descriptions:
            raise ValueError("'descriptions' fetches apt's own; give 'translations' files with 'packages'")
        yield AptFiles(_paths(packages), [] if translations is None else _paths(translations))


def _paths(files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    if isinstance(files, (str, os.PathLike)):
        return [Path(files)]
    return [Path(file) for file in files]


def _read_packages(files: Iterable[Path]) -> dict[str, dict[str, str]]:
    fields = ("Version", "Source", "Section", "Provides", "Description", *_RULES["debian"].fields)
    index: dict[str, dict[str, str]] = {}
    for file in files:
        for entry in paragraphs(file, fields):
            known = index.setdefault(entry["Package"], entry)
            if known is not entry and _version_key(entry) > _version_key(known):
                index[entry["Package"]] = entry
    return index


def _read_translations(files: Iterable[Path], index: dict[str, dict[str, str]]) -> dict[str, str]:
    """Package -> long description; an index may carry the long descriptions itself."""
    texts: dict[str, str] = {}
    for name, entry in index.items():
        text = _long_description(entry.get("Description", ""))
        if text:
            texts[name] = text
    for file in files:
        for entry in paragraphs(file, ("Description-en",)):
            name, text = entry["Package"], _long_description(entry.get("Description-en", ""))
            if text and name in index:
                texts.setdefault(name, text)
    return texts


def _long_description(value: str) -> str:
    lines = value.split("\n")[1:]
    return " ".join(" ".join(line for line in lines if line != ".").split())


def _title(name: str, entry: dict[str, str]) -> str:
    short = entry.get("Description", "").split("\n")[0].strip()
    return f"{name}: {short}" if short else name


def _relations(index: dict[str, dict[str, str]], fields: Sequence[str]) -> dict[str, set[str]]:
    """Package -> packages that it names, with virtual names resolved."""
    providers: defaultdict[str, set[str]] = defaultdict(set)
    for name, entry in index.items():
        for virtual in _names(entry.get("Provides", "")):
            providers[virtual].add(name)
    resolved = {virtual: next(iter(names)) for virtual, names in providers.items() if len(names) == 1}
    resolved.update((name, name) for name in index)
    named: defaultdict[str, set[str]] = defaultdict(set)
    for name, entry in index.items():
        for field in fields:
            for written in _names(entry.get(field, "")):
                other = resolved.get(written)
                if other is None or other == name:
                    continue
                named[name].add(other)
                if field == "Enhances":
                    named[other].add(name)
    return dict(named)


def _names(value: str) -> Iterator[str]:
    """Names in a relation field, without versions, architectures and build profiles."""
    for part in value.replace("|", ",").split(","):
        match = _NAME.search(part)
        if match:
            yield match.group()


def _version_key(entry: dict[str, str]) -> tuple[int, _Part, _Part]:
    """Sorts by version as dpkg does (Debian Policy, section 5.6.12): epoch, upstream version, revision."""
    version = entry.get("Version", "")
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return int(epoch) if epoch.isdigit() else 0, _part_key(upstream), _part_key(revision)


def _part_key(part: str) -> _Part:
    key: _Part = []
    for text, digits in re.findall(r"(\D*)(\d*)", part):
        # A tilde sorts before the end, the end before letters, letters before the rest.
        order = [-1 if c == "~" else ord(c) if c.isalpha() else ord(c) + 256 for c in text]
        key.append(((*order, 0), int(digits or 0)))
    return key
