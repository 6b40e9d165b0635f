"""Hand-made sources, small enough to count by hand, and readers of what is built from them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

# Test documents by the hash of their source: editor, plugin, shell, terminal.
PACKAGES = """\
Package: viewer
Version: 1.0~rc1-9
Section: graphics
Suggests: browser
Description: an old version that must not count

Package: viewer
Version: 1.0-1
Section: graphics
Depends: libfoo (>= 2), python3 (>= 3.8) [amd64]
Recommends: player | mail-agent
Suggests: editor, libfoo
Description: shows pictures
Description-md5: 00

Package: player
Version: 2:0.9-1
Section: sound
Depends: python3:any
Suggests: viewer, shell
Description: plays sounds
 It plays
  every sound.
 .
 Well, most.

Package: browser
Version: 1
Section: contrib/web
Depends: python3
Suggests: no-such-package
Enhances: mailer
Description: browses

Package: mailer
Version: 1
Section: mail
Depends: python3
Provides: mail-agent (= 1), twice
Description: mails

Package: chat
Source: mailer (1.0)
Version: 1
Section: net
Pre-Depends: mailer, python3
Recommends: browser, twice
Description: chats

Package: fonts
Version: 1
Section: oldlibs
Provides: twice
Depends: viewer, python3
Description: transitional

Package: editor
Version: 1
Section: editors
Depends: python3
Recommends: viewer
Suggests: player, terminal
Description: edits

Package: plugin
Version: 1
Section: editors
Enhances: editor
Description: plugs in

Package: shell
Version: 1
Section: shells
Suggests: player
Description: runs commands

Package: terminal
Version: 1
Section: x11
Description: shows text

Package: tool
Version: 1
Section: utils
Depends: python3
Description: does it

Package: libfoo
Version: 1
Section: libs
Description: foo library

Package: python3
Version: 1
Section: python
Description: a language
"""


# Offset, lexicographer file, type, number of words (hexadecimal), words, number of pointers, pointers | gloss.
WORDNET = {
    "data.noun": """\
  1 A licence of made-up words
00000100 03 n 01 abc 0 002 @ 00000200 n 0000 ~ 00000900 n 0000 | first letters
00000200 03 n 02 cat 0 big_cat 0 003 @ 00000300 n 0000 + 00000100 v 0102 ! 00000100 n 0000 | a feline; "it sat"
00000300 03 n 01 Dog 0 002 @ 00000200 n 0000 @ 00000100 n 0000 | a canine
00000400 03 n 01 beast 0 002 @ 00000200 n 0000 ~ 00000300 n 0000 | a creature
00000900 03 n 01 animal 0 000 | a living thing
""",
    "data.verb": """\
00000100 30 v 01 run 0 002 + 00000200 n 0201 @ 00000300 n 0000 01 + 02 00 | move fast
""",
    "data.adj": """\
00000100 00 a 01 big(p) 1 001 & 00000200 s 0000 | of great size
00000200 00 s 01 large 0 001 & 00000100 a 0000 | above average
""",
    "data.adv": """\
00000100 02 r 01 go 0 001 \\ 00000100 a 0101 | in going
""",
}


def read_json_lines(path: Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_pairs(path: Path) -> list[tuple[int, ...]]:
    return [tuple(map(int, line.split())) for line in path.read_text().splitlines()]


def targets(path: Path) -> dict[str, list[int]]:
    return {record["uid"]: record["target_ind"] for record in read_json_lines(path)}
