from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from xcgraph.serving import LabelSearch

UIDS = ["tmux", "screen", "STRASSE", "tmuxinator", "odd\x1e\x1f"]
TITLES = ["terminal multiplexer", "multiplexer of terminals", "Straße", "tmux sessions: tmux", "x"]


def search(*args):
    return LabelSearch(UIDS, TITLES).find(*args)


def test_uids_and_titles_whatever_their_case():
    assert search("tmux") == (2, [0, 3])  # once, though it stands in the last one three times
    assert search(" MULTIPLEXER ") == (2, [0, 1])
    assert search("straße") == search("STRASSE") == (1, [2])
    assert search("no such label") == (0, [])


def test_all_where_nothing_is_asked_for():
    assert search("") == search("  ") == (5, [0, 1, 2, 3, 4])
    assert search("", 3, 1) == (5, [3])


def test_pages():
    labels = LabelSearch([str(i) for i in range(30)], ["same"] * 30)
    pages = [labels.find("same", offset, 7) for offset in range(0, 35, 7)]
    assert [count for count, _ in pages] == [30] * 5
    assert [label for _, found in pages for label in found] == list(range(30))
    assert labels.find("same", 10**15, 7) == (30, [])


def test_nothing_is_found_across_names():
    for joint in ("", "\x1f", "\x1e"):  # the last two keep names apart inside
        assert search(f"tmux{joint}terminal") == search(f"multiplexer{joint}screen") == (0, [])
    assert search("odd\x1e") == search("odd") == (1, [4])
    assert search("\x1e") == search("")


def test_the_last_label_and_no_labels():
    assert search("x")[1][-1] == 4
    assert LabelSearch([], []).find("x") == LabelSearch([], []).find("") == (0, [])
