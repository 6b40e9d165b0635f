import sys

import pytest

from xcgraph.data import Vectorizer
from xcgraph.data.subwords import Subwords

WORDS = ["network", "networking", "networks", "editor", "editing", "edits"]


def test_subwords_split_covers_the_word():
    subwords = Subwords.train(WORDS, [5] * len(WORDS), 40)
    for word in [*WORDS, "networked"]:
        pieces = subwords.split(word)
        assert "".join(piece.removeprefix("##") for piece in pieces) == word
        assert all(piece.startswith("##") for piece in pieces[1:])
    assert len(subwords.split("networking")) < len("networking")


def test_subwords_state_round_trip():
    subwords = Subwords.train(WORDS, [5] * len(WORDS), 40)
    assert Subwords(subwords.state).split("editors") == subwords.split("editors")


def test_subwords_unknown_characters_are_left_out():
    subwords = Subwords.train(WORDS, [5] * len(WORDS), 40)
    assert subwords.split("ß") == []


def test_subwords_size():
    with pytest.raises(ValueError, match="positive vocabulary size, got 0"):
        Subwords.train(WORDS, [1] * len(WORDS), 0)


def test_subwords_without_tokenizers(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ImportError, match=r"pip install xcgraph\[subword\]"):
        Vectorizer(subwords=50).fit(["some text"])
