from xcgraph.data import Finding


def test_places_and_advice():
    assert str(Finding("things", 2, ("a:1", "a:3"), "do this")) == "2 things (a:1, a:3): do this"
    assert str(Finding("things", 1200, ("a:1", "a:3"), "do this")) == "1,200 things (a:1, a:3, ...): do this"
