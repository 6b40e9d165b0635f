import pytest

from xcgraph.data import DataError
from xcgraph.data.bad_rows import BadRows


def test_bad_rows():
    rows = BadRows()
    assert (rows.count, rows.first) == (0, None)
    rows.error("a.csv", 3, "expected x")
    rows.error("a.csv", 5, "expected y")
    assert rows.count == 2 and str(rows.first) == "a.csv:3: expected x"
    with pytest.raises(DataError, match=r"^a\.csv:9: expected z"):
        rows.unreadable("a.csv", 9, "expected z")
