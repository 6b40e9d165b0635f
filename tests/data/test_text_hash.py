from __future__ import annotations

import hashlib

import pytest

from xcgraph.data import hash_share, normal_text, text_hash


def test_the_same_text():
    assert normal_text("  Größe\tof\n² THINGS ") == "grösse of 2 things"
    same = ["Terminal  multiplexer", "terminal multiplexer\n", "TERMINAL\u00a0MULTIPLEXER"]
    assert len({text_hash(text) for text in same}) == 1
    assert text_hash("terminal multiplexers") != text_hash(same[0])
    assert text_hash("") == text_hash(" \n\u00a0") == 0


def test_share_is_the_hash_of_key_and_seed():
    number = int(hashlib.sha256(b"xc3\0gr\xc3\xb6n").hexdigest()[:16], 16)
    assert hash_share("grön", 3) == number / 2**64
    assert hash_share("grön", 3) != hash_share("grön", 4)


def test_shares_are_even():
    shares = [hash_share(str(number)) for number in range(4000)]
    assert min(shares) >= 0 and max(shares) < 1
    assert sum(share < 0.2 for share in shares) / 4000 == pytest.approx(0.2, abs=0.02)
