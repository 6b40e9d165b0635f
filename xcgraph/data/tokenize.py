"""Text to tokens: the one place that says what a word is."""

from __future__ import annotations

import re
import unicodedata

# Letters and digits, joined by single hyphens or underscores: "network-manager", "x86_64", "NetworkManager".
_CHUNK = re.compile(r"[^\W_]+(?:[-_\u2010\u2011][^\W_]+)*")
_JOINT = re.compile(r"[-_\u2010\u2011]")
# `re` knows no class of upper-case letters; beyond U+2000 there are none in everyday use.
_UPPER = "".join(chr(code) for code in range(0x2000) if chr(code).isupper())
_PART = re.compile(rf"[{_UPPER}]+(?![^\W\d_{_UPPER}])|[{_UPPER}]?[^\W\d_{_UPPER}]+|[{_UPPER}]|\d+|[^\W_]")
_PLAIN = re.compile(r"[a-z]+|[0-9]+")


def tokenize(text: str) -> list[str]:
    """Splits a text into lower-case tokens.

    A token is a word of letters and digits. A word that is written together from several gives its parts too,
    split at hyphens and underscores, at changes from lower to upper case and between letters and digits; and the
    whole word without hyphens, so that all spellings of one name share tokens: ``NetworkManager`` and
    ``network-manager`` both give ``networkmanager``, ``network`` and ``manager``. Within one word no token comes
    twice. Single characters count ("C", "R"). Text is NFKC-normalised first ("²" becomes "2").

    Scripts without blanks between words (Chinese, Thai) come out as long tokens; character n-grams help there.

    Args:
        text: any text.

    Returns:
        Tokens in the order of the text; a word's whole comes before its parts.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    tokens: list[str] = []
    for chunk in _CHUNK.findall(text):
        if _PLAIN.fullmatch(chunk):  # nearly all words of running text
            tokens.append(chunk)
            continue
        words = _JOINT.split(chunk)
        found = {"".join(words).lower(): None} if len(words) > 1 else {}
        for word in words:
            found[word.lower()] = None
            # "README" is one word, and so is "ÀGE".
            if not (word.isalpha() and (word.isupper() or word.islower() or word[1:].islower())):
                found.update(dict.fromkeys(part.lower() for part in _PART.findall(word)))
        tokens.extend(found)
    return tokens
