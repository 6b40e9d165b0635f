from __future__ import annotations

import pytest

from xcgraph.peers import Comparison, Row


def row(name, kind, **values):
    return Row(name, kind, {key.replace("_at_", "@").replace("_", " "): value for key, value in values.items()})


ROWS = [
    row("ours", "model", P_at_1=44.0, PSP_at_1=20.0, train_s=9.0),
    row("a", "peer", P_at_1=40.0, PSP_at_1=25.0, train_s=1.0),
    row("b", "peer", P_at_1=44.0, PSP_at_1=10.0, train_s=None),
    row("paper", "published", P_at_1=90.0, train_s=0.1),
]


def test_best():
    assert Comparison(ROWS).best() == {(0, "P@1"), (2, "P@1"), (1, "PSP@1"), (1, "train s")}
    assert Comparison(ROWS[:1]).best() == Comparison([ROWS[0], ROWS[3]]).best() == set()


def test_gains():
    found = Comparison(ROWS).gains()
    assert list(found) == ["ours"] and list(found["ours"]) == ["P@1", "PSP@1"]
    assert found["ours"]["P@1"] == (pytest.approx(0.0), "b")
    assert found["ours"]["PSP@1"] == (pytest.approx(-20.0), "a")
    assert Comparison(ROWS[:1]).gains() == Comparison(ROWS[1:]).gains() == {}
    useless = row("c", "peer", P_at_1=0.0)
    assert Comparison([ROWS[0], useless]).gains() == {"ours": {}}
