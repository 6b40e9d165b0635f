"""The data set ``wordnet``: which concepts are related to this one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xcgraph.data import BuildReport, DataError

from .item import Item
from .related_items import write_related_items

_FILES = {"n": "data.noun", "v": "data.verb", "a": "data.adj", "r": "data.adv"}
_PLACES = (
    "/usr/share/wordnet",
    "/usr/local/share/wordnet",
    "/usr/share/wordnet/dict",
    "/usr/local/WordNet-3.0/dict",
)
# Hyponyms, instance hyponyms, meronyms, members of a domain, antonyms: mostly the mirror of a pointer kept.
_NO_LABELS = frozenset(("~", "~i", "%p", "%m", "%s", "-c", "-r", "-u", "!"))


class _Synset(NamedTuple):
    uid: str
    lemmas: list[str]
    gloss: str
    named: list[str]


def wordnet_folder(directory: str | os.PathLike[str] | None = None) -> Path:
    """The folder with the WordNet files: ``directory``, else ``$WNSEARCHDIR``, else where systems install them.

    Raises:
        DataError: if the files are not there.
    """
    if directory is not None:
        places = [Path(directory)]
    elif os.environ.get("WNSEARCHDIR"):
        places = [Path(os.environ["WNSEARCHDIR"])]
    else:
        places = [Path(place) for place in _PLACES]
    for place in places:
        if all((place / name).is_file() for name in _FILES.values()):
            return place
    raise DataError(
        f"expected WordNet's {', '.join(_FILES.values())}, got a folder without them; install them "
        "(Debian, Ubuntu: 'apt-get install wordnet-base'), or name their folder by $WNSEARCHDIR or 'directory'",
        places[0],
    )


def build_wordnet(
    out: str | os.PathLike[str], directory: str | os.PathLike[str] | None = None, overwrite: bool = False
) -> BuildReport:
    """Builds a related-concepts task from the WordNet 3.0 files (Fellbaum, 1998; file format: wndb(5WN)).

    A document is a synset (title: its lemmas joined by ", "; content: its gloss); its labels are the synsets that
    its pointers name, without the inverse ones (hyponyms, meronyms, domain members) and antonyms. Synsets with the
    same first lemma are in one split.

    Licence: WordNet 3.0, Princeton University; free use, with their notice kept (see the files' heads).

    Args:
        out: the raw data folder to write.
        directory: folder of ``data.noun`` and its siblings, see :func:`wordnet_folder`.
        overwrite: replace the files that ``out`` holds.

    Returns:
        The counts of what was written and left out.

    Raises:
        DataError: if the files are absent or malformed.
        FileExistsError: if ``out`` holds files and ``overwrite`` is not set.
    """
    folder = wordnet_folder(directory)
    items: dict[str, Item] = {}
    related: dict[str, list[str]] = {}
    for pos, name in _FILES.items():
        for synset in _read_synsets(folder / name, pos):
            items[synset.uid] = Item(synset.lemmas[0].lower(), ", ".join(synset.lemmas), synset.gloss)
            related[synset.uid] = synset.named
    for uid, named in related.items():
        for other in named:
            if other not in items:
                raise DataError(
                    f"expected a synset {other}, which {uid} points to, got none; reinstall WordNet", folder
                )
    return write_related_items(out, items, related, overwrite=overwrite)


def _read_synsets(path: Path, pos: str) -> Iterator[_Synset]:
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            # The licence at the head of each file is indented.
            if line.startswith("  "):
                continue
            try:
                yield _parse(line, pos)
            except (ValueError, IndexError) as error:
                raise DataError(
                    f"expected a synset line (wndb(5WN)), got {line[:40].strip()!r}; reinstall WordNet",
                    path,
                    number,
                ) from error


def _parse(line: str, pos: str) -> _Synset:
    """``offset file type count lemma id ... count pointer offset pos source/target ... | gloss``."""
    head, bar, gloss = line.partition(" | ")
    words = head.split()
    if not bar or len(words[0]) != 8 or not words[0].isdigit():
        raise ValueError("no offset, or no gloss")
    count = int(words[3], 16)
    # An adjective's syntactic marker "(p)" is no part of its name.
    lemmas = [lemma.partition("(")[0].replace("_", " ") for lemma in words[4 : 4 + 2 * count : 2]]
    start = 5 + 2 * count
    named = []
    for at in range(start, start + 4 * int(words[start - 1]), 4):
        symbol, offset, target, _ = words[at : at + 4]
        if symbol not in _NO_LABELS:
            named.append(f"{offset}-{'a' if target == 's' else target}")
    if not lemmas:
        raise ValueError("no lemma")
    return _Synset(f"{words[0]}-{pos}", lemmas, gloss.strip(), named)
