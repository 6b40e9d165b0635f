"""Code blocks of Markdown pages."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PAGES = (page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)
PAGES = [ROOT / "README.md", *sorted(_PAGES)]
_FENCE = re.compile(r"^(`{3,})([^\s`]*)")  # of a MyST directive, the language is "{name}"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, text, and the line of the page (from 1) that its first line is."""

    page: Path
    language: str
    line: int
    text: str


def read_blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of a page that are in one of some languages (in any, if none is named)."""
    blocks: list[Block] = []
    start, opened = 0, None
    lines = page.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        fence = _FENCE.match(line)
        if not fence:
            continue
        if opened is None:
            start, opened = number, fence
        elif line.rstrip() == opened[1]:
            blocks.append(Block(page, opened[2], start + 1, "\n".join(lines[start : number - 1])))
            opened = None
    assert opened is None, f"{page.name}:{start}: this block has no end"
    return [block for block in blocks if not languages or block.language in languages]


def shell_commands(block: Block) -> list[list[str]]:
    """The commands of a console or bash block as words; parts of a pipe, and of a ``;`` list, apart.

    In a console block, commands are the lines that start with "$ ". Here-documents are left out.
    """
    lines = re.sub(r"<<'(\w+)'\n.*?\n\1$", "", block.text, flags=re.DOTALL | re.MULTILINE).replace("\\\n", " ")
    commands: list[list[str]] = []
    for line in lines.split("\n"):
        if block.language == "console":
            if not line.startswith("$ "):
                continue
            line = line[2:]
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&<>")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("|;&"):
                commands.append(words)
                words = []
            else:
                words.append(word)
    return [words for words in commands if words]
