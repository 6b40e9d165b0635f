from __future__ import annotations

import pytest

from xcgraph.shortlist import choose_scoring

GB = 10**9


@pytest.mark.parametrize(
    ("num_labels", "expected"), [(10, "all"), (22_434, "all"), (131_073, "shortlist"), (1_305_265, "shortlist")]
)
def test_small_label_sets_are_scored_whole(num_labels, expected):
    assert choose_scoring(num_labels, 256, memory_bytes=64 * GB) == expected


def test_where_the_time_rule_turns():
    # L <= L / 4 + 128 * 500
    assert choose_scoring(85_333, 256, memory_bytes=64 * GB) == "all"
    assert choose_scoring(85_334, 256, memory_bytes=64 * GB) == "shortlist"
    # A shortlist of as many labels as there are is never the cheaper one.
    assert choose_scoring(100_000, 256, shortlist=100_000, num_clusters=0, memory_bytes=64 * GB) == "all"
    assert choose_scoring(12_900, 256, shortlist=100, num_clusters=100, memory_bytes=64 * GB) == "all"
    assert choose_scoring(12_901, 256, shortlist=100, num_clusters=100, memory_bytes=64 * GB) == "shortlist"
    # The batch counts for memory alone.
    assert {choose_scoring(85_333, 8, batch, memory_bytes=64 * GB) for batch in (1, 100, 10_000)} == {"all"}


def test_memory_forces_a_shortlist():
    # weights, gradient and moments of 20,000 labels and the logits of a batch: 0.14 GB
    assert choose_scoring(20_000, 256, memory_bytes=GB) == "all"
    assert choose_scoring(20_000, 256, memory_bytes=GB // 4) == "shortlist"


def test_longer_shortlists_favour_scoring_all():
    assert choose_scoring(100_000, 256, shortlist=50, memory_bytes=64 * GB) == "shortlist"
    assert choose_scoring(100_000, 256, shortlist=2000, memory_bytes=64 * GB) == "all"


def test_the_user_has_the_last_word():
    assert choose_scoring(10, 4, override="shortlist") == "shortlist"
    assert choose_scoring(10**7, 1024, memory_bytes=1, override="all") == "all"
    assert choose_scoring(10, 4) == "all"  # looks at this machine's memory
    with pytest.raises(ValueError, match="override"):
        choose_scoring(10, 4, override="some")
