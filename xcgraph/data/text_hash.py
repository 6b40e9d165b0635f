"""Numbers made of texts: which texts are the same, and which side of a split they are on."""

from __future__ import annotations

import hashlib
import unicodedata


def normal_text(text: str) -> str:
    """What two texts share that differ in case, blanks and compatible characters alone."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def text_hash(text: str) -> int:
    """64 bits that are the same for texts of the same :func:`normal_text`; 0 for a text of blanks alone.

    That two of 10^6 different texts have one number has a chance of about 3e-8.
    """
    normal = normal_text(text)
    if not normal:
        return 0
    return int.from_bytes(hashlib.blake2b(normal.encode("utf-8"), digest_size=8).digest(), "big")


def hash_share(key: str, seed: int = 0) -> float:
    """A number in [0, 1) that depends on the key and the seed alone: below 0.2 for a fifth of all keys.

    The first eight bytes of the SHA-256 of the key behind a prefix that holds the seed. Neither the order nor the
    other keys matter, so that a newer version of the data keeps its split.
    """
    digest = hashlib.sha256(f"xc{seed}\0{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
